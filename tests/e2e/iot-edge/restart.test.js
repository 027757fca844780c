'use strict';
const assert = require('node:assert');
const { after, before, test } = require('node:test');
const { Message } = require('azure-iot-device');
const { Hub, eventually, inTime, later } = require('./hub.js');

let hub;
before(async () => {
  hub = await Hub.start({ routes: { chain: "FROM /messages/modules/sensor/outputs/* INTO BrokeredEndpoint('/modules/detector/inputs/in')" } });
  for (const id of ['edge-1/sensor', 'edge-1/detector', 'leaf-1']) await hub.register(id);
});
after(() => hub.stop());

// As applications do: to the SDK a hub that is not there is a refusal, after which it tries no more.
function keepOpen(client) {
  client.on('disconnect', async () => {
    for (let open = false; !open; ) {
      await later(200);
      open = await client.open().then(() => true, () => false);
    }
  });
}

test('a hub that is killed in the middle loses nothing that was acknowledged', async () => {
  const [sensor, detector] = await Promise.all(['sensor', 'detector'].map((name) => hub.open(`edge-1/${name}`, { retry: true })));
  keepOpen(detector);
  const came = new Set();
  detector.on('inputMessage', (_, message) => came.add(message.getData().toString()));
  const acknowledged = [];
  for (let n = 0; n < 300; ++n) {
    if (n === 150) await hub.killAndLaunch();
    await inTime(sensor.sendOutputEvent('out', new Message(String(n))), 'PUBACK', 120_000);
    acknowledged.push(String(n));
  }
  await eventually(() => acknowledged.every((text) => came.has(text)), 'all that was acknowledged');
  detector.removeAllListeners('disconnect');
  await Promise.all([sensor, detector].map((client) => client.close()));
});

test('a twin is answered after a lost connection, though the SDK does not subscribe anew', async () => {
  const leaf = await hub.open('leaf-1', { retry: true });
  keepOpen(leaf);
  const twin = await inTime(leaf.getTwin(), 'the twin');
  const patches = [];
  twin.on('properties.desired', (patch) => patches.push(patch));
  await eventually(() => patches.length === 1, 'the whole twin');
  await hub.killAndLaunch();
  await eventually(async () => (await hub.json('client', 'ls')).clients.some(({ client_id: id, connected }) => id === 'leaf-1' && connected !== false),
    'the connection');
  assert.ok((await inTime(leaf.getTwin(), 'the twin')).properties);
  await hub.tool('twin', 'patch', 'leaf-1', '{"interval":5}');
  await eventually(() => patches.some(({ interval }) => interval === 5), 'the patch');
  leaf.removeAllListeners('disconnect');
  await leaf.close();
});

test('a token is renewed in mid-flow without a message lost', async () => {
  const sensor = await hub.open('edge-1/sensor', { tokenRenewal: { tokenValidTimeInSeconds: 8, tokenRenewalMarginInSeconds: 4 } });
  const detector = await hub.open('edge-1/detector');
  const came = new Set();
  detector.on('inputMessage', (_, message) => came.add(message.getData().toString()));
  const until = Date.now() + 10_000;
  const sent = [];
  for (let n = 0; Date.now() < until; ++n) {
    await inTime(sensor.sendOutputEvent('out', new Message(`renewed ${n}`)), 'PUBACK');
    sent.push(`renewed ${n}`);
    await later(50);
  }
  await eventually(() => sent.every((text) => came.has(text)), 'all that was acknowledged');
  await Promise.all([sensor, detector].map((client) => client.close()));
});

test('what is sent to a device while it is away comes when it is back, with its properties', async () => {
  await hub.tool('c2d', 'send', 'leaf-1', 'why so', '-p', 'a=b', '--message-id', 'c2d-1', '--correlation-id', 'cc', '--content-type', 'text/plain');
  const leaf = await hub.client('leaf-1');
  const came = [];
  leaf.on('message', (message) => came.push(message));
  await inTime(leaf.open(), 'CONNACK');
  const got = await eventually(() => came[0], 'the message');
  assert.deepEqual([got.getData().toString(), got.messageId, got.correlationId, got.contentType], ['why so', 'c2d-1', 'cc', 'text/plain']);
  assert.equal(got.properties.propertyList.find(({ key }) => key === 'a').value, 'b');
  await eventually(async () => ((await hub.json('c2d', 'ls', 'leaf-1')).messages ?? []).length === 0, 'its end');
  await leaf.close();
});
