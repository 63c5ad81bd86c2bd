/** ClickHouse's HTTP interface in front of the engine: https://clickhouse.com/docs/interfaces/http */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Engine } from './engine.ts';
import { EngineError, engineCode, engineErrorFrom } from './engine-error.ts';
import type { EngineQuery } from './session.ts';
import { formatOf, insertFromFile, kindOfStatement } from './statement.ts';

/** The private header by which an insert names its data: the path of a file that holds them. */
export const fileHeader = 'x-ariane-file';

/** Parameters of the protocol that are no settings, and settings that mean nothing here. */
const notSettings = new Set(
  `query query_id database default_format user password role session_id session_timeout session_check compress decompress
   enable_http_compression http_zlib_compression_level wait_end_of_query buffer_size send_progress_in_http_headers
   http_headers_progress_interval_ms cancel_http_readonly_queries_on_client_close readonly async_insert
   wait_for_async_insert log_comment`.split(/\s+/),
);

const maxStatementBytes = 16 * 2 ** 20;
/** Formats whose chunks just follow one another, so that an answer can leave while it is made. */
const streamed = new Set(['Native', 'RowBinary']);

export function createHttpServer(engine: Engine, options: { spillFolder: string; password?: string }): Server {
  let spilled = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://engine');
    const queryId = url.searchParams.get('query_id');
    if (queryId !== null) response.setHeader('X-ClickHouse-Query-Id', queryId);
    response.setHeader('X-ClickHouse-Timezone', 'UTC');
    if (url.pathname === '/ping' || (request.method === 'GET' && !url.searchParams.has('query'))) {
      response.end('Ok.\n');
      return;
    }
    const closed = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) closed.abort(new EngineError(engineCode.queryWasCancelled, 'The client left.'));
    });
    let spill: string | undefined;
    try {
      if (options.password !== undefined) checkPassword(request, url, options.password);
      const given = url.searchParams.get('query') ?? '';
      let sql = given;
      const isInsert = kindOfStatement(given) === 'insert';
      const file = request.headers[fileHeader];
      if (isInsert && typeof file !== 'string' && formatOf(given) !== undefined) {
        spill = join(options.spillFolder, `insert-${++spilled}`);
        await pipeline(request, createWriteStream(spill));
        sql = insertFromFile(given, spill) ?? refuseInsert(given);
      } else {
        const body = await readText(request);
        sql = given === '' ? body : body === '' ? given : `${given}\n${body}`;
        if (typeof file === 'string') sql = insertFromFile(sql, file) ?? refuseInsert(sql);
      }
      if (request.method === 'GET' && kindOfStatement(sql) !== 'read')
        throw new EngineError(engineCode.readonly, 'Cannot execute query in readonly mode: GET only reads.');
      await answer(readQuery(sql, url, request), closed.signal, response);
    } finally {
      if (spill !== undefined) await rm(spill, { force: true });
    }
  }

  async function answer(query: EngineQuery, signal: AbortSignal, response: ServerResponse): Promise<void> {
    const format = formatOf(query.sql) ?? query.format;
    response.setHeader('X-ClickHouse-Format', format);
    response.setHeader('Content-Type', contentType(format));
    if (streamed.has(format) && kindOfStatement(query.sql) === 'read') {
      await engine.stream({ ...query, format }, signal, async (chunk) => {
        // Held back until the client has read; a client that leaves ends the wait.
        if (!response.write(chunk) && !signal.aborted) await drained(response);
        signal.throwIfAborted();
      });
      response.end();
    } else {
      response.end(await engine.run({ ...query, format }, signal));
    }
  }

  return createServer({ maxHeaderSize: 2 ** 20, keepAliveTimeout: 600_000, requestTimeout: 0 }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      request.resume();
      refuse(response, error instanceof EngineError ? error : engineErrorFrom(error));
    });
  });
}

function readQuery(sql: string, url: URL, request: IncomingMessage): EngineQuery {
  const settings = new Map<string, string>();
  const params = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('param_')) params.set(name.slice('param_'.length), value);
    else if (!notSettings.has(name)) settings.set(name, value);
  }
  const formatHeader = request.headers['x-clickhouse-format'];
  const databaseHeader = request.headers['x-clickhouse-database'];
  return {
    sql,
    settings,
    params,
    format:
      url.searchParams.get('default_format') ?? (typeof formatHeader === 'string' ? formatHeader : 'TabSeparated'),
    database: url.searchParams.get('database') ?? (typeof databaseHeader === 'string' ? databaseHeader : 'default'),
  };
}

function refuseInsert(sql: string): never {
  throw new EngineError(
    engineCode.syntaxError,
    `expected INSERT INTO table (columns) FORMAT name, got: ${sql.slice(0, 200)}`,
  );
}

function checkPassword(request: IncomingMessage, url: URL, password: string): void {
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const given =
    request.headers['x-clickhouse-key'] ??
    url.searchParams.get('password') ??
    (basic === undefined
      ? ''
      : Buffer.from(basic, 'base64')
          .toString()
          .replace(/^[^:]*:/, ''));
  if (given !== password)
    throw new EngineError(
      engineCode.authenticationFailed,
      'Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)',
    );
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > maxStatementBytes)
      throw new EngineError(engineCode.syntaxError, `a statement of more than ${maxStatementBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.once('drain', done);
    response.once('close', done);
  });
}

function refuse(response: ServerResponse, error: EngineError): void {
  // In the middle of an answer only breaking the connection says that it is not whole.
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.statusCode = statusOf(error.code);
  response.setHeader('X-ClickHouse-Exception-Code', String(error.code));
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  const text = error.message.startsWith('DB::Exception') ? error.message : `DB::Exception: ${error.message}`;
  response.end(`Code: ${error.code}. ${/\([A-Z_0-9]{3,}\)\s*$/.test(text) ? text : `${text} (ARIANE_ENGINE)`}\n`);
}

function statusOf(code: number): number {
  switch (code) {
    case engineCode.authenticationFailed:
      return 401;
    case engineCode.timeoutExceeded:
      return 408;
    case engineCode.tooManyQueries:
      return 503;
    case engineCode.syntaxError:
    case engineCode.badArguments:
    case engineCode.unknownParameter:
      return 400;
    default:
      return 500;
  }
}

function contentType(format: string): string {
  if (format.startsWith('JSON')) return 'application/json; charset=UTF-8';
  if (format.startsWith('TabSeparated')) return 'text/tab-separated-values; charset=UTF-8';
  return 'application/octet-stream';
}
