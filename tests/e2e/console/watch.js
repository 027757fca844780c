'use strict';
// Browsers that watch a hub, for `tools/dev bench console`: opens so many pages, prints a line once they show the hub, watches, and
// prints what it cost the pages: {"views": {ADDRESS: {load_ms, longest_ms, long_tasks, busy}}}, in the time after they had loaded.
//
// usage: node watch.js --url URL --token TOKEN [--browsers 3] [--seconds 20] [--views '#/flow,#/queue']

const http = require('node:http');
const { parseArgs } = require('node:util');
const { chromium } = require('playwright-core');

const { values: given } = parseArgs({
  options: {
    url: { type: 'string' }, token: { type: 'string' }, browsers: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '20' }, views: { type: 'string', default: '#/flow' },
  },
});

// The cookie of a session: a page that has it asks for no token.
function signIn() {
  return new Promise((resolve, reject) => {
    const request = http.request(`${given.url}/v1/session`, {
      method: 'POST', headers: { Authorization: `Bearer ${given.token}`, 'Content-Type': 'application/json' },
    }, (response) => {
      response.resume();
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(response.headers['set-cookie']?.[0] ?? '') ?? [];
      if (name) resolve({ name, value, url: given.url });
      else reject(new Error(`the hub answered ${response.statusCode}`));
    });
    request.once('error', reject);
    request.end('{}');
  });
}

// Evaluated in each page before its own code: tasks of more than 50 ms, those of loading apart from those that come later.
function noteLongTasks() {
  window.tasks = [];
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask', buffered: true });
}

async function open(browser, cookie, at) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.addCookies([cookie]);
  await context.addInitScript(noteLongTasks);
  const page = await context.newPage();
  const begun = performance.now();
  await page.goto(`${given.url}/${at}`);
  await page.waitForFunction(() => document.querySelector('main .view h1') && document.querySelector('.state')?.textContent === 'live', null,
    { timeout: 60_000 });
  const loadMs = performance.now() - begun;
  await page.waitForTimeout(2_000);
  const loading = await page.evaluate(() => window.tasks.splice(0));
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const seconds = () => threadSeconds(session);
  return { at, page, loadMs, loading, seconds, before: await seconds() };
}

// CPU of the page's thread, as the browser counts it from the session's beginning.
async function threadSeconds(session) {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
}

async function main() {
  const cookie = await signIn();
  const browser = await chromium.launch({ executablePath: process.env.HEADGATE_CHROMIUM ?? '/usr/bin/chromium', headless: true,
    args: process.getuid() === 0 ? ['--no-sandbox'] : [] });
  try {
    const views = given.views.split(',');
    const pages = [];
    for (let i = 0; i < Number(given.browsers); ++i) pages.push(await open(browser, cookie, views[i % views.length]));
    console.log('watching');
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(given.seconds)));
    const report = {};
    for (const { at, page, loadMs, loading, seconds, before } of pages) {
      const tasks = await page.evaluate(() => window.tasks);
      report[at] = { load_ms: loadMs, loading_ms: Math.max(0, ...loading), longest_ms: Math.max(0, ...tasks), long_tasks: tasks.length,
        busy: ((await seconds()) - before) / Number(given.seconds) };
    }
    console.log(JSON.stringify({ views: report }));
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(`watch: ${error.message}`);
  process.exit(1);
});
