/** The shop's process. It ends with its parent: no demo outlives the server that started it. */
import { type FromShop, isToShop } from './messages.ts';
import { openShop } from './shop/shop.ts';

const reportEveryMs = 1_000;

const [otlpUrl] = process.argv.slice(2);
if (otlpUrl === undefined || process.send === undefined) {
  process.stderr.write('the demo is started by "ariane serve --demo", or by a click on the empty page\n');
  process.exit(2);
}

const tell = (message: FromShop) => {
  if (process.connected) process.send?.(message);
};

try {
  const shop = await openShop(otlpUrl);
  const report = (isAnswer: boolean) =>
    tell({ kind: 'state', requests: shop.requests, hasIndex: shop.hasIndex, shopUrl: shop.url, isAnswer });
  const timer = setInterval(() => report(false), reportEveryMs);
  let stopping: Promise<void> | undefined;
  const stop = () => {
    clearInterval(timer);
    stopping ??= shop.stop().finally(() => process.exit(0));
  };
  process.on('message', (message) => {
    if (!isToShop(message)) return;
    if (message.kind === 'stop') return stop();
    shop.addIndex().then(
      () => report(true),
      (error: unknown) => tell({ kind: 'problem', text: String(error) }),
    );
  });
  process.on('disconnect', stop);
  process.on('SIGTERM', stop);
  // At a terminal the signal goes to the whole group; the parent tells when to stop.
  process.on('SIGINT', () => {});
  report(false);
} catch (error) {
  tell({ kind: 'problem', text: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}
