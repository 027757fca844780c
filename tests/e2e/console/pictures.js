'use strict';
// The pictures of docs/console.md: a site that ran for a while, and whose cloud has gone since. Where `pngquant` is installed they are
// made small with it.
//
// usage: node pictures.js BIN_DIR OUT_DIR, in a folder that run.sh has filled

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { DESK, PHONE, Tab, launch } = require('./browser.js');
const { eventually, later, startScene } = require('./scene.js');

const BEFORE_MS = 45_000;
const OUTAGE_MS = 40_000;
const SETTLED_MS = 8_000;  // rates and trends of a page that was opened just now

async function picture(browser, scene, out, name, at, { viewport = DESK, scheme = 'light', before } = {}) {
  const context = await browser.newContext({ viewport, colorScheme: scheme, timezoneId: 'Europe/Berlin', locale: 'en-GB', reducedMotion: 'reduce' });
  const tab = new Tab(context, await context.newPage(), scene);
  await tab.signIn('operate');
  await tab.open(at);
  await later(SETTLED_MS);
  await before?.(tab.page);
  const file = path.join(out, `console-${name}.png`);
  await tab.page.screenshot({ path: file });
  await context.close();
  try {
    execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', file, '64', file]);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  console.log(`${file}: ${Math.round(fs.statSync(file).size / 1024)} KB`);
}

async function main(bin, out) {
  const browser = await launch();
  const scene = await startScene(['full', 'dead', 'paused', 'away'], { bin });
  try {
    await later(BEFORE_MS);
    await scene.stopCloud();
    await later(OUTAGE_MS);
    const letter = (await scene.json('dlq', 'ls')).dead_letters[0].seq;
    const message = await eventually(async () => (await scene.json('queue', 'peek', '$upstream', '-n', '1000')).messages
      .findLast(({ topic }) => topic.startsWith('plant/'))?.seq);
    const shots = [
      ['flow', '#/flow'], ['flow-dark', '#/flow', { scheme: 'dark' }], ['flow-phone', '#/flow', { viewport: PHONE }],
      ['queues', '#/queue'], ['queue', '#/queue/%24upstream'], ['dead', `#/dead/${letter}`], ['message', `#/message/${message}`],
      ['route', '#/route/minutes-up'], ['clients', '#/clients'], ['topics', '#/topics/plant%2F%23'], ['store', '#/store'],
      ['events', '#/events'], ['doctor', '#/doctor'],
    ];
    for (const [name, at, options] of shots) await picture(browser, scene, out, name, at, options);
  } finally {
    await Promise.all([scene.stop(), browser.close()]);
  }
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(`pictures: ${error.message}`);
  process.exit(1);
});
