/** Structured logging: one line an event, a short text and fields. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Record<string, string | number | boolean | bigint | undefined>;

export interface Log {
  debug(text: string, fields?: LogFields): void;
  info(text: string, fields?: LogFields): void;
  warn(text: string, fields?: LogFields): void;
  error(text: string, fields?: LogFields): void;
  /** The same log with these fields on every line. */
  with(fields: LogFields): Log;
}

const ranks: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Text lines for a person (`logfmt`) or JSON lines for a machine. */
export function createLog(options: {
  level?: LogLevel;
  format?: 'text' | 'json';
  write: (line: string) => void;
  nowMs?: () => number;
}): Log {
  const least = ranks[options.level ?? 'info'];
  const nowMs = options.nowMs ?? Date.now;
  const at = (bound: LogFields): Log => {
    const emit = (level: LogLevel, text: string, fields: LogFields = {}) => {
      if (ranks[level] < least) return;
      const time = new Date(nowMs()).toISOString();
      const all = { ...bound, ...fields };
      options.write(options.format === 'json' ? jsonLine(time, level, text, all) : textLine(time, level, text, all));
    };
    return {
      debug: (text, fields) => emit('debug', text, fields),
      info: (text, fields) => emit('info', text, fields),
      warn: (text, fields) => emit('warn', text, fields),
      error: (text, fields) => emit('error', text, fields),
      with: (fields) => at({ ...bound, ...fields }),
    };
  };
  return at({});
}

/** A log that says nothing, for tests. */
export const silentLog: Log = createLog({ write: () => {} });

function jsonLine(time: string, level: LogLevel, text: string, fields: LogFields): string {
  return JSON.stringify({ time, level, msg: text, ...fields }, (_, v: unknown) =>
    typeof v === 'bigint' ? v.toString() : v,
  );
}

function textLine(time: string, level: LogLevel, text: string, fields: LogFields): string {
  let line = `${time} ${level.toUpperCase().padEnd(5)} ${oneLine(text)}`;
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${key}=${typeof value === 'string' ? JSON.stringify(value) : String(value)}`;
  }
  return line;
}

// A stored string is hostile: it must not be able to forge a second log line.
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ⏎ ');
}
