'use strict';
// Each number on the page is the one that `headgate --json` prints. The site stands still meanwhile.

const assert = require('node:assert/strict');
const { Site } = require('./browser.js');
const { eventually } = require('./scene.js');

const site = new Site(['full', 'dead', 'paused', 'away', 'budget', 'outage']);

// Fields that no answer has: the page computes them of two, or of the time.
const COMPUTED = new Set(['rate', 'age_ms', 'in_rate', 'out_rate', 'since_ms', 'gone_ms', 'state', 'trouble']);
// Fields under another name, where one shows a number in another way.
const ALIASES = { matched_rate: 'matched', groups: 'computed.groups' };

// Numbers that the page shows of a thing: [{kind, name, field, value}…], `kind` being that of the nearest element that says whose.
function shown(tab) {
  return tab.page.evaluate(() => [...document.querySelectorAll('main [data-field][data-value]')].flatMap((one) => {
    const of = one.closest('[data-queue], [data-route], [data-client], [data-link], [data-store], [data-lane], tr[data-key]');
    if (!of || 'lane' in of.dataset) return [];
    const kind = ['queue', 'route', 'client', 'link', 'store', 'key'].find((known) => known in of.dataset);
    return [{ kind, name: of.dataset[kind], field: one.dataset.field, value: one.dataset.value }];
  }));
}

const at = (object, field) => field.split('.').reduce((value, key) => value?.[key], object);

// Holds what `look` finds on the page against `rows` until both are the same: the page is up to a second behind.
async function same(tab, kind, rows, { least, fields }) {
  let wrong = [];
  let met = [];
  await eventually(async () => {
    const known = await rows();
    met = (await shown(tab)).filter((one) => one.kind === kind && known.has(one.name) && !COMPUTED.has(one.field));
    wrong = met.flatMap(({ name, field, value }) => {
      const want = at(known.get(name), ALIASES[field] ?? field);
      // A time that the hub keeps in a clock of its own is the wall clock's to a millisecond or two.
      const slack = field.endsWith('_ms') ? 2 : 0;
      return want !== undefined && want !== null && Math.abs(Number(value) - Number(want)) > slack ? [`${name} ${field}: ${value}, not ${want}`] : [];
    });
    return wrong.length === 0 && met.length >= least;
  }, 'numbers that are the same', 12_000).catch(() => assert.fail(`${met.length} numbers, ${wrong.length} wrong: ${wrong.slice(0, 10).join('; ')}`));
  const seen = new Set(met.map(({ field }) => field));
  for (const field of fields) assert.ok(seen.has(field), `${field} is not shown`);
}

const byName = (rows, key = 'name') => new Map(rows.map((row) => [row[key], row]));

site.test('queues of the flow', { at: null }, async (tab, scene) => {
  await scene.quiet();
  await tab.open('#/flow');
  const rows = async () => byName((await scene.json('queue', 'ls')).queues);
  await same(tab, 'queue', rows, { least: 16, fields: ['waiting', 'oldest_ms'] });
});

site.test('routes of the flow', { at: '#/flow?find=-up' }, async (tab, scene) => {
  const rows = async () => byName((await scene.json('route', 'ls')).routes);
  await same(tab, 'route', rows, { least: 6, fields: ['matched_rate', 'groups', 'results'] });
});

site.test('links of the flow', {}, async (tab, scene) => {
  const rows = async () => byName((await scene.json('upstream', 'status')).links);
  await same(tab, 'link', rows, { least: 2, fields: ['day_bytes'] });
});

site.test('the list of queues', { at: '#/queue' }, async (tab, scene) => {
  const rows = async () => byName((await scene.json('queue', 'ls')).queues);
  await same(tab, 'queue', rows, { least: 20, fields: ['waiting', 'oldest_ms'] });
});

for (const name of ['$upstream', 'modules/archive/inputs/stills', 'session/terminal-3', 'modules/press/inputs/orders'])
  site.test(`the account of ${name}`, { at: `#/queue/${encodeURIComponent(name)}` }, async (tab, scene) => {
    const rows = async () => byName((await scene.json('queue', 'ls')).queues);
    await same(tab, 'queue', rows, { least: 6, fields: ['in', 'delivered', 'waiting', 'expired', 'dropped', 'dead'] });
    const account = new Map((await shown(tab)).filter((one) => one.kind === 'queue').map(({ field, value }) => [field, Number(value)]));
    const sum = ['delivered', 'waiting', 'expired', 'dropped', 'dead'].reduce((total, field) => total + account.get(field), 0);
    assert.equal(account.get('in'), sum, 'in = delivered + waiting + expired + dropped + dead');
  });

site.test('the list of routes', { at: '#/route' }, async (tab, scene) => {
  const rows = async () => byName((await scene.json('route', 'ls')).routes);
  await same(tab, 'route', rows, { least: 20, fields: ['evaluated', 'matched', 'results'] });
});

site.test('a route', { at: '#/route/temperatures-up' }, async (tab, scene) => {
  const rows = async () => byName((await scene.json('route', 'ls')).routes);
  await same(tab, 'route', rows, { least: 3, fields: ['evaluated', 'matched', 'results'] });
});

site.test('a client', { at: '#/clients/terminal-3' }, async (tab, scene) => {
  const rows = async () => byName((await scene.json('client', 'ls')).clients, 'client_id');
  await same(tab, 'client', rows, { least: 6, fields: ['queued_messages', 'queued_bytes', 'subscriptions'] });
});

site.test('the store', { at: '#/store' }, async (tab, scene) => {
  const rows = async () => {
    const { store } = await scene.json('status');
    const stats = await scene.json('store', 'stats');
    return new Map([['', { ...stats, ...store, file_bytes: stats.file_bytes, live_bytes: stats.live_bytes, wal_bytes: stats.wal_bytes,
      // What is written goes on, and the disk is not the hub's alone.
      written: undefined, disk: undefined }]]);
  };
  await same(tab, 'store', rows, { least: 5, fields: ['waiting', 'waiting_bytes', 'file_bytes', 'dead_letters', 'queues'] });
});

site.test('the hub\'s own line says how much waits', {}, async (tab, scene) => {
  const { store } = await scene.json('status');
  await tab.says(new RegExp(`${store.waiting.toLocaleString('en-GB').replaceAll(',', '[,.\\u202f ]?')} messages waiting`), 'header');
});
