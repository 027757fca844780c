'use strict';
// What one may do from the page: who may, what is asked before, and what becomes of it.

const assert = require('node:assert/strict');
const { Site } = require('./browser.js');
const { eventually } = require('./scene.js');

const site = new Site(['full', 'dead', 'paused', 'away', 'broken', 'outage']);

const ORDERS = 'modules/press/inputs/orders';
const DANGEROUS = /\bdrop\b|purge|pause|resume|put.* back|replay|publish|kick|remove|disconnect|^end |apply|forget|reload/i;

const dangerous = (tab) => tab.page.getByRole('button', { name: DANGEROUS });
const openOrders = (tab) => tab.open(`#/queue/${encodeURIComponent(ORDERS)}`);
// The button of a view that asks, and of the dialog that it asks in.
const press = (tab, name) => tab.page.locator('main').getByRole('button', { name }).first().click();
const confirm = (tab, name) => tab.page.getByRole('dialog').getByRole('button', { name }).click();

site.test('who may only look sees no button that changes anything', { role: 'read' }, async (tab, scene) => {
  const letter = (await scene.json('dlq', 'ls')).dead_letters[0].seq;
  for (const at of ['#/flow', '#/queue', `#/queue/${encodeURIComponent(ORDERS)}`, '#/dead', `#/dead/${letter}`, '#/route', '#/route/minutes-up',
    '#/clients', '#/clients/sensor', '#/topics/plant%2F%23', '#/store', '#/doctor']) {
    await tab.go(at);
    await tab.page.waitForSelector('main h1');
    await tab.page.waitForTimeout(400);
    assert.deepEqual(await dangerous(tab).allInnerTexts(), [], at);
  }
});

site.test('who may only look is told so in words', { role: 'read' }, async (tab) => {
  tab.expect(/status of 403/);
  const answers = await tab.page.evaluate(async () => Promise.all(['/v1/queues/%24upstream/purge', '/v1/dlq/purge', '/v1/routes/reload', '/v1/publish/plant/x'].map(
    async (target) => {
      const response = await fetch(target, { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } });
      return [response.status, (await response.json()).error];
    })));
  for (const [status, error] of answers) {
    assert.equal(status, 403, error);
    assert.match(error, /role|may not/);
  }
});

site.test('payloads that a user may not receive are not shown', { role: 'read' }, async (tab, scene) => {
  await tab.go(`#/queue/${encodeURIComponent(ORDERS)}`);
  await tab.says(/orders\/press\/1/);
  assert.doesNotMatch(await tab.text(), /flange/);
  const { status, body } = await scene.api('GET', `/v1/queues/${encodeURIComponent(ORDERS)}/peek?payload=1`, { token: scene.tokens.read });
  assert.equal(status, 200);
  assert.equal(body.messages[0].payload, null);
});

site.test('a queue goes on, and is paused again', { role: 'operate', at: null }, async (tab, scene) => {
  await openOrders(tab);
  await tab.says(/paused/i);
  await press(tab, 'Resume');
  await eventually(async () => !(await scene.queue(ORDERS)).paused, 'a queue that goes on');
  await eventually(async () => (await scene.queue(ORDERS)).waiting === 0, 'orders that are delivered');
  await press(tab, /^Pause/);
  await confirm(tab, 'Pause');
  await eventually(async () => (await scene.queue(ORDERS)).paused, 'a queue that is paused');
  await tab.says(/paused by an operator|paused/i);
});

site.test('a purge asks, naming how many, and does nothing without a yes', { role: 'operate', at: null }, async (tab, scene) => {
  const name = 'session/terminal-3';
  await scene.quiet();
  const { waiting } = await scene.queue(name);
  assert.ok(waiting > 0);
  await tab.open(`#/queue/${encodeURIComponent(name)}`);
  await tab.page.waitForSelector('main h1');
  await press(tab, /^Drop all/);
  const dialog = tab.page.getByRole('dialog');
  assert.match(await dialog.innerText(), new RegExp(`\\b${waiting.toLocaleString('en-GB')}\\b`));
  await tab.picture('purge');
  assert.deepEqual(await tab.axe(), []);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await scene.queue(name)).waiting, waiting);
  await press(tab, /^Drop all/);
  await tab.page.keyboard.press('Escape');
  assert.equal((await scene.queue(name)).waiting, waiting);
  await press(tab, /^Drop all/);
  await confirm(tab, /^Drop/);
  await eventually(async () => (await scene.queue(name)).waiting === 0, 'an empty queue');
  await tab.says(new RegExp(`${waiting.toLocaleString('en-GB')}`), '#toasts');
});

site.test('a dead letter says why, and is put back', { role: 'operate', at: null }, async (tab, scene) => {
  const { dead_letters: letters } = await scene.json('dlq', 'ls');
  const { seq } = letters.find(({ topic }) => topic === 'diagnostics/press-1');
  await tab.open('#/dead');
  await tab.says(/packet too large/);
  await tab.page.locator(`main a[href="#/dead/${seq}"]`).first().click();
  await tab.says(/diagnostics-up/);
  await tab.picture('dead-letter');
  await press(tab, 'Put it back');
  await eventually(async () => (await scene.json('dlq', 'ls')).dead_letters.every((letter) => letter.seq !== seq), 'a letter that left');
});

site.test('a letter that cannot be put back says why', { role: 'operate', at: null }, async (tab, scene) => {
  tab.expect(/status of (400|404|409|503)/);
  const { seq } = (await scene.json('dlq', 'ls')).dead_letters.find(({ topic }) => topic.startsWith('plant/'));
  await tab.open(`#/dead/${seq}`);
  await tab.says(/no-temperature/);
  await press(tab, 'Put it back');
  await tab.says(/queue|route/, '#toasts');
  assert.ok((await scene.json('dlq', 'ls')).dead_letters.some((letter) => letter.seq === seq));
});

site.test('a client is ended after a question', { role: 'operate', at: '#/clients/display' }, async (tab, scene) => {
  const connects = async () => (await scene.json('client', 'ls')).clients.find((client) => client.client_id === 'display')?.connects;
  const since = async () => (await scene.json('client', 'ls')).clients.find((client) => client.client_id === 'display')?.since_ms;
  const before = [await connects(), await since()].join();
  await press(tab, /end|kick|disconnect/i);
  await confirm(tab, /end|kick|disconnect/i);
  await eventually(async () => [await connects(), await since()].join() !== before, 'a connection that began anew');
});

site.test('a message is published from the page where rights allow', { role: 'operate', at: '#/topics/plant%2F%23' }, async (tab, scene) => {
  const { page } = tab;
  await tab.says(/press-1/);
  const box = page.locator('form, details, section').filter({ has: page.getByRole('button', { name: /publish/i }) }).last();
  if (!(await box.getByRole('textbox').first().isVisible())) await page.getByText(/publish/i).first().click();
  await box.getByRole('textbox').first().fill('plant/by-hand/temperature');
  await box.getByRole('textbox').last().fill('{"celsius": 12.5}');
  await box.getByRole('button', { name: /publish/i }).click();
  await eventually(async () => JSON.stringify((await scene.api('GET', '/v1/topics/plant%2Fby-hand%2F%23?payload=1')).body).includes('12.5'), 'the message');
});

site.test('an edited route is tried against the last hour and nothing is changed', { role: 'operate', at: '#/route/hot-to-display' }, async (tab, scene) => {
  const before = JSON.stringify((await scene.api('GET', '/v1/routes/file')).body);
  await tab.says(/plant\/\+\/temperature/);
  const text = tab.page.locator('main textarea').first();
  await text.fill((await text.inputValue()).replace('80', '75'));
  await press(tab, /try|test|run/i);
  await tab.says(/taken|matched|of \d+/i);
  assert.equal(JSON.stringify((await scene.api('GET', '/v1/routes/file')).body), before);
  await text.fill("FROM 'plant/+/temperature' WHERE $body.celsius >> 75 INTO Topic('display/hot')");
  await tab.says(/expected a value/);
});
