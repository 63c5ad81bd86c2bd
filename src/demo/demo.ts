/** Starts, watches and ends the shop's process, and knows its state for the page. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../base/clock.ts';
import { BadInput } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { DemoState } from '../show/api/types.ts';
import { type FromShop, isFromShop, type ToShop } from './messages.ts';

/** Every switch resolves with the state afterwards. */
export interface Demo {
  state(): Promise<DemoState>;
  /** Customers are on their way, or the state says what the problem is; a demo that runs is left as it is. */
  start(): Promise<DemoState>;
  /** The missing index is there. Rejects with `BadInput` when the demo does not run. */
  addIndex(): Promise<DemoState>;
  /** The shop has sent its last spans and ended. Safe twice and without `start`. */
  stop(): Promise<DemoState>;
  /** The shop has ended and the store has no span of it any more. */
  remove(): Promise<DemoState>;
  /** Ends the shop as `stop` does, when the server ends: asks the store nothing, and takes a second at most. */
  close(): Promise<void>;
}

export interface DemoOptions {
  /** Where the shop sends its spans: `http://127.0.0.1:4318`. */
  readonly otlpUrl: string;
  readonly log: Log;
  /** The demo's spans in the store (`store/demo-data.ts`). */
  readonly data: { exists(): Promise<boolean>; remove(): Promise<void> };
  readonly clock?: Clock;
}

const program = fileURLToPath(new URL('../../bin/demo.js', import.meta.url));
/** The tables are filled until the query is slow, which takes seconds on a slow machine. */
const patienceMs = 60_000;
const stopPatienceMs = 4_000;
const closePatienceMs = 1_000;
/** Spans sent last are still on their way to the store when the shop has ended. */
const removalRounds = 6;
const betweenRoundsMs = 500;

interface Running {
  readonly child: ChildProcess;
  report: Extract<FromShop, { kind: 'state' }>;
}

export function createDemo(options: DemoOptions): Demo {
  const { otlpUrl, log, data } = options;
  const clock = options.clock ?? systemClock;
  let running: Running | undefined;
  let starting: Promise<void> | undefined;
  let child: ChildProcess | undefined;
  let problem: string | null = null;

  async function state(): Promise<DemoState> {
    const report = running?.report;
    return {
      running: running !== undefined,
      hasIndex: report?.hasIndex ?? false,
      requests: report?.requests ?? 0,
      hasData: await data.exists(),
      shopUrl: report?.shopUrl ?? null,
      problem,
    };
  }

  async function launch(): Promise<void> {
    problem = null;
    const started = fork(program, [otlpUrl], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: ['--max-old-space-size=64', '--max-semi-space-size=2'],
    });
    child = started;
    // The demo must not take the processor from what it demonstrates.
    if (started.pid !== undefined) lowerPriority(started.pid);
    let lastWords = '';
    started.stderr?.on('data', (text: Buffer) => {
      lastWords = (lastWords + text.toString()).slice(-1_000);
    });
    started.on('message', (message) => {
      if (!isFromShop(message)) return;
      if (message.kind === 'problem') problem = message.text;
      else if (running?.child === started) running.report = message;
    });
    // When it cannot be started, and when a message finds it gone.
    started.on('error', (error) => {
      problem ??= error.message;
      if (started.pid === undefined && child === started) child = undefined;
    });
    started.on('exit', (code, signal) => {
      if (child !== started) return;
      child = undefined;
      running = undefined;
      problem ??= `the shop ended by itself (${signal ?? code}) ${lastWords}`.trim();
      log.warn('the demo ended by itself', { problem });
    });
    const report = await nextReport(started, () => true);
    running = { child: started, report };
    log.info('the demo runs', { shop: report.shopUrl });
  }

  /** The next state that `fits`; rejects when the shop ends or says what is wrong before. */
  function nextReport(from: ChildProcess, fits: (report: Running['report']) => boolean): Promise<Running['report']> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        cancel();
        from.off('message', onMessage);
        from.off('exit', onExit);
        from.off('error', onExit);
        act();
      };
      const onMessage = (message: unknown) => {
        if (!isFromShop(message)) return;
        if (message.kind === 'problem') settle(() => reject(new Error(`the demo: ${message.text}`)));
        else if (fits(message)) settle(() => resolve(message));
      };
      const onExit = () =>
        settle(() => reject(new Error(`the demo ended by itself${problem === null ? '' : `: ${problem}`}`)));
      const cancel = clock.after(patienceMs, () =>
        settle(() => reject(new Error(`the demo said nothing for ${patienceMs / 1000} s`))),
      );
      from.on('message', onMessage);
      from.on('exit', onExit);
      from.on('error', onExit);
    });
  }

  async function stop(patientMs = stopPatienceMs): Promise<void> {
    const ending = child;
    // While it fills its tables it hears nothing, and has nothing to tell.
    const isOpen = running !== undefined;
    child = undefined;
    running = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const exited = once(ending, 'exit');
    if (!isOpen) ending.kill('SIGKILL');
    else if (ending.connected) ending.send({ kind: 'stop' } satisfies ToShop);
    const cancel = clock.after(patientMs, () => void ending.kill('SIGKILL'));
    await exited;
    cancel();
  }

  return {
    state,
    async start() {
      starting ??= (running === undefined ? launch() : Promise.resolve()).finally(() => {
        starting = undefined;
      });
      try {
        await starting;
      } catch (error) {
        await stop();
        problem = error instanceof Error ? error.message : String(error);
      }
      return state();
    },
    async addIndex() {
      if (running === undefined) throw new BadInput('the demo does not run: start it first');
      const answer = nextReport(running.child, (report) => report.isAnswer);
      running.child.send({ kind: 'add-index' } satisfies ToShop);
      running.report = await answer;
      return state();
    },
    async stop() {
      await stop();
      return state();
    },
    async remove() {
      await stop();
      for (let round = 0, clean = 0; round < removalRounds && clean < 2; round++) {
        clean = (await data.exists()) ? 0 : clean + 1;
        if (clean === 0) await data.remove();
        await new Promise<void>((wake) => clock.after(betweenRoundsMs, wake));
      }
      return state();
    },
    close: () => stop(closePatienceMs),
  };
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, 5);
  } catch {
    // Not allowed here; then it runs like any other.
  }
}
