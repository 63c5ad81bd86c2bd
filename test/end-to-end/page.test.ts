import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAriane, startAriane } from './ariane.ts';
import { chromiumPath, launchBrowser, openPage } from './browser.ts';
import { knownRequest, sendOnce, storedSpanIds } from './spans.ts';
import { tutorialRequest } from '../fixtures/tutorial.ts';

describe.skipIf(!chromiumPath)('the page, in a real browser', () => {
  let ariane: RunningAriane;
  let browser: Browser;

  beforeAll(async () => {
    [ariane, browser] = await Promise.all([startAriane(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await ariane.dispose();
  });

  /** Sends a trace as several requests of at most 5,000 spans of one root, and waits until it can be read. */
  async function store(spans: number): Promise<string> {
    const request = knownRequest({ spans });
    expect((await sendOnce(ariane.http, request)).ok).toBe(true);
    await ariane.until(
      'the trace',
      async () => ((await storedSpanIds(ariane.url, request.traceId)).length === spans ? true : undefined),
      30_000,
    );
    return request.traceId;
  }

  it.each([1, 5, 500, 100_000])(
    'a trace of %i spans: the culprit is marked in its row',
    { timeout: 60_000 },
    async (spans) => {
      const traceId = await store(spans);
      const { page, problems, close } = await openPage(browser);
      await page.goto(`${ariane.url}/trace/${traceId}`);
      const culprit = page.locator('[data-culprit]');
      await culprit.first().waitFor();
      expect(await culprit.count()).toBe(1);
      expect(await culprit.textContent()).toMatch(spans === 1 ? /root/ : /step|root/);
      expect(problems).toEqual([]);
      await close();
    },
  );

  const widths = { '1440 px': [1440, 900], '800 px': [800, 1000], 'a phone': [390, 844] } as const;
  const cases = Object.entries(widths).flatMap(([name, [width, height]]) =>
    (['en', 'fr'] as const).flatMap((language) =>
      (['light', 'dark'] as const).map((theme) => ({ name, width, height, language, theme })),
    ),
  );

  it.each(cases)(
    'the tutorial trace on $name in $language, $theme: one sentence says where the time goes',
    async (c) => {
      const { bytes, traceId } = tutorialRequest();
      expect((await sendOnce(ariane.http, { bytes: Uint8Array.from(bytes), traceId, spanIds: [] })).ok).toBe(true);
      await ariane.until('the tutorial trace', async () =>
        (await storedSpanIds(ariane.url, traceId)).length > 0 ? true : undefined,
      );
      const { page, problems, close } = await openPage(browser, {
        viewport: { width: c.width, height: c.height },
        locale: c.language === 'fr' ? 'fr-FR' : 'en-US',
        colorScheme: c.theme,
      });
      await page.goto(`${ariane.url}/trace/abc1234`);
      await page.locator('[data-culprit]').first().waitFor();
      const text = await page.locator('body').innerText();
      expect(text).toMatch(c.language === 'fr' ? /c'est là que ça coince/ : /the time goes here/);
      expect(text).toContain('SELECT orders');
      expect(text).toMatch(c.language === 'fr' ? /350\sms/ : /350 ms/);
      expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      expect(await page.evaluate('document.documentElement.lang')).toBe(c.language);
      expect(problems).toEqual([]);
      await close();
    },
  );

  it('home, search, services and settings open without an error at every width', async () => {
    for (const [width, height] of Object.values(widths)) {
      const { page, problems, close } = await openPage(browser, { viewport: { width, height } });
      for (const path of [
        '/',
        '/search',
        '/services',
        '/settings',
        '/search?service=frontend&lookback=1h',
        '/dependencies',
      ]) {
        await page.goto(ariane.url + path);
        await page.locator('main').waitFor();
        expect(
          await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'),
          `${path} at ${width}`,
        ).toBe(true);
      }
      expect(problems).toEqual([]);
      await close();
    }
  });

  it('an unknown trace is said so, not blank', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${ariane.url}/trace/${'9'.repeat(32)}`);
    await page
      .getByText(/not here yet|watching|7 days/i)
      .first()
      .waitFor();
    await close();
  });
});
