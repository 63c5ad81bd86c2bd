/**
 * One process per data folder. The file holds the process id and when that process started, so that neither a crash nor
 * a reused id leaves the folder locked. (chDB guards its own folder too; this lock covers the spool as well and can
 * say who holds it.)
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../base/errors.ts';

export interface FolderLock {
  release(): void;
}

/** Throws `ConfigError` while another process holds it. */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'lock');
  const own = `${process.pid} ${startOf(process.pid) ?? ''}\n`;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(path, own, { flag: 'wx', mode: 0o600 });
      return {
        release() {
          if (read(path) === own) rmSync(path, { force: true });
        },
      };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = read(path);
    const [pid = '', start = ''] = (holder ?? '').trim().split(' ');
    if (isRunning(Number(pid), start)) throw new ConfigError('', `data folder ${folder} is in use by process ${pid}`);
    // Left by a crash. Only what was read is removed, so that two starters do not remove each other's.
    if (read(path) === holder) rmSync(path, { force: true });
  }
  throw new ConfigError('', `data folder ${folder}: cannot take the lock ${path}`);
}

function isRunning(pid: number, start: string): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as somebody else.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const [state, now] = [statOf(pid)?.[0], startOf(pid)];
  // A zombie has ended, only its parent has not looked yet.
  if (state === 'Z' || state === 'X') return false;
  return start === '' || now === undefined || now === start;
}

/** When a process started, in clock ticks since boot (Linux); undefined where it cannot be known. */
function startOf(pid: number): string | undefined {
  return statOf(pid)?.[19];
}

/** The fields after the command's name, which stands in parentheses and may hold anything: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function statOf(pid: number): string[] | undefined {
  return read(`/proc/${pid}/stat`)
    ?.replace(/^.*\)\s/s, '')
    .split(' ');
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
