'use strict';
const assert = require('node:assert');
const { after, before, test } = require('node:test');
const { Hub, eventually, inTime } = require('./hub.js');

let hub;
before(async () => {
  hub = await Hub.start();
  for (const id of ['edge-1/detector', 'leaf-1', 'leaf-2']) await hub.register(id);
});
after(() => hub.stop());

const report = (twin, patch) =>
  new Promise((resolve, reject) => twin.properties.reported.update(patch, (error) => (error ? reject(error) : resolve())));

for (const web of [false, true]) {
  const id = web ? 'leaf-2' : 'leaf-1';
  test(`a twin is read, reported to and patched over ${web ? 'WebSocket' : 'TLS'}`, async () => {
    const client = await hub.open(id, { web });
    await hub.tool('twin', 'patch', id, '{"interval":30,"unit":"C","limits":{"low":-10}}');
    const twin = await inTime(client.getTwin(), 'the twin');
    assert.deepEqual([twin.properties.desired.interval, twin.properties.desired.limits], [30, { low: -10 }]);
    await inTime(report(twin, { a: 1, n: { x: 1, y: 2 } }), 'the answer');
    await inTime(report(twin, { n: { y: null } }), 'the answer');
    const { desired, reported } = await hub.json('twin', 'get', id);
    assert.deepEqual([reported.a, reported.n], [1, { x: 1 }]);

    const patches = [];
    twin.on('properties.desired', (patch) => patches.push(patch));
    await eventually(() => patches.length === 1, 'the first call with the whole twin');
    await hub.tool('twin', 'patch', id, '{"interval":10,"unit":null,"never":null}');
    const patch = await eventually(() => patches[1], 'the patch');
    assert.deepEqual(patch, { interval: 10, unit: null, never: null, $version: desired.$version + 1 });
    await client.close();
  });
}

test('a report that breaks a limit is refused in words, and the connection stays', async () => {
  const client = await hub.open('edge-1/detector');
  const twin = await inTime(client.getTwin(), 'the twin');
  await assert.rejects(inTime(report(twin, { big: 'x'.repeat(5_000) }), 'the answer'), /4,?096|too long|value/i);
  await inTime(report(twin, { small: 'x' }), 'the answer');
  await client.close();
});

test('twins are there after the hub was killed', async () => {
  await hub.tool('twin', 'set', 'edge-1/detector', '{"threshold":0.8}');
  const before = await hub.json('twin', 'get', 'edge-1/detector');
  await hub.killAndLaunch();
  assert.deepEqual(await hub.json('twin', 'get', 'edge-1/detector'), before);
  const client = await hub.open('edge-1/detector');
  assert.equal((await inTime(client.getTwin(), 'the twin')).properties.desired.threshold, 0.8);
  await client.close();
});
