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
  let line = `${time} ${level.toUpperCase().padEnd(5)} ${text}`;
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${key}=${typeof value === 'string' ? JSON.stringify(value) : String(value)}`;
  }
  return harmless(line);
}

// A stored string, and a key as well, is hostile: it must not forge a second line, nor steer the terminal that shows the log.
function harmless(line: string): string {
  return line
    .replaceAll(/[\r\n\u2028\u2029]+/g, ' ⏎ ')
    .replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}
