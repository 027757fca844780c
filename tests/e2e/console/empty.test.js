'use strict';
// A hub that has nothing yet says what to do first, and what it says works.

const assert = require('node:assert/strict');
const mqtt = require('mqtt');
const { Site } = require('./browser.js');

const site = new Site(['empty']);

site.test('an empty hub explains what to do first, with a line to paste', {}, async (tab, scene) => {
  await tab.picture('empty');
  const lines = await tab.page.locator('main code, main pre').allInnerTexts();
  assert.ok(lines.some((line) => line.includes('mosquitto_pub') || line.includes('headgate ')), `lines to paste: ${lines.join(' | ')}`);
  assert.ok(!lines.some((line) => /\b1883\b/.test(line)) || scene.port === 1883, 'a line names a port that the hub does not listen on');
  assert.deepEqual(await tab.axe(), []);
});

for (const at of ['#/queue', '#/route', '#/clients', '#/topics', '#/dead', '#/store', '#/events', '#/doctor'])
  site.test(`nothing is wrong with ${at} of an empty hub`, { at }, async (tab) => {
    await tab.page.waitForSelector('h1');
    assert.doesNotMatch(await tab.text(), /undefined|NaN|\[object|null/);
  });

site.test('what comes first takes the explanation away', {}, async (tab, scene) => {
  const lines = () => tab.page.locator('main pre:visible').count();
  const before = await lines();
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${scene.port}`, { clientId: 'first', clean: false, protocolVersion: 5,
    properties: { sessionExpiryInterval: 600 } });
  await client.subscribeAsync('plant/#', { qos: 1 });
  await client.endAsync(true);
  await scene.api('POST', '/v1/publish/plant/first', { body: '{"celsius":1}' });
  await tab.says(/session\/first|first/);
  assert.ok(await lines() <= before);
});
