'use strict';
const assert = require('node:assert');
const { after, before, test } = require('node:test');
const { Message } = require('azure-iot-device');
const { Hub, eventually, inTime } = require('./hub.js');

const LIMIT = 262_144;

let hub;
before(async () => {
  hub = await Hub.start({
    routes: {
      readings: "FROM /messages/modules/sensor/outputs/* INTO BrokeredEndpoint('/modules/detector/inputs/readings')",
      scores: "FROM /messages/modules/detector/outputs/scores INTO BrokeredEndpoint('/modules/filter-mod.v2/inputs/scores')",
      leaves: "FROM /messages/* WHERE NOT IS_DEFINED($connectionModuleId) INTO BrokeredEndpoint('/modules/leaves/inputs/in')",
      up: 'FROM /messages/modules/filter-mod.v2/outputs/up INTO $upstream',
      events: "FROM /messages/modules/talker INTO BrokeredEndpoint('/modules/listener/inputs/in')",
    },
  });
  for (const id of ['edge-1/sensor', 'edge-1/detector', 'edge-1/filter-mod.v2', 'edge-1/leaves', 'edge-1/talker',
    'edge-1/listener', 'leaf-1', 'leaf-1/sensor', "Line_2.press:07@east*(a)!'"])
    await hub.register(id);
});
after(() => hub.stop());

// Collects what comes to an input.
function inbox(client, input) {
  const came = [];
  client.on('inputMessage', (name, message) => {
    if (name === input) came.push(message);
  });
  return came;
}

const properties = (message) => Object.fromEntries(message.properties.propertyList.map(({ key, value }) => [key, value]));

test('an output comes to an input with every property', async () => {
  const sensor = await hub.open('edge-1/sensor');
  const detector = await hub.open('edge-1/detector', { web: true });
  const came = inbox(detector, 'readings');
  const message = new Message(JSON.stringify({ value: 21.5 }));
  Object.assign(message, {
    messageId: 'm-1', correlationId: 'c/1', userId: 'u 1', to: '/x/y', contentType: 'application/json', contentEncoding: 'utf-8',
    expiryTimeUtc: new Date(Date.now() + 3_600_000).toISOString(),
  });
  message.properties.add('k1', 'v 1');
  message.properties.add('a&b', 'c/d?e+f%=ü=&/+%#?');
  message.properties.add('we ird/ü', 'a=b&c');
  await inTime(sensor.sendOutputEvent('temperature', message), 'PUBACK');
  const [got] = await eventually(() => came.length > 0 && came, 'the message');
  assert.equal(got.getData().toString(), '{"value":21.5}');
  assert.deepEqual(
    [got.messageId, got.correlationId, got.userId, got.to, got.contentType, got.contentEncoding, got.expiryTimeUtc],
    ['m-1', 'c/1', 'u 1', '/x/y', 'application/json', 'utf-8', message.expiryTimeUtc]);
  assert.deepEqual(properties(got), {
    k1: 'v 1', 'a&b': 'c/d?e+f%=ü=&/+%#?', 'we ird/ü': 'a=b&c', '$.cdid': 'edge-1', '$.cmid': 'sensor',
  });
  await sensor.close();
  await detector.close();
});

test('three modules are chained, and what the last one says waits for the way up', async () => {
  const [sensor, detector, filter] = await Promise.all(['sensor', 'detector', 'filter-mod.v2'].map((name) => hub.open(`edge-1/${name}`)));
  detector.on('inputMessage', (_, message) => {
    const reading = JSON.parse(message.getData().toString());
    detector.sendOutputEvent('scores', new Message(JSON.stringify({ n: reading.n, score: reading.n / 10 })), () => {});
  });
  let kept = 0;
  filter.on('inputMessage', (_, message) => {
    if (JSON.parse(message.getData().toString()).score >= 0.8)
      filter.sendOutputEvent('up', new Message(message.getData()), () => { ++kept; });
  });
  for (let n = 0; n < 10; ++n) await inTime(sensor.sendOutputEvent('out', new Message(JSON.stringify({ n }))), 'PUBACK');
  await eventually(() => kept === 2, 'two of ten');
  const { queues } = await hub.json('queue', 'ls');
  assert.equal(queues.find(({ name }) => name === '$upstream').waiting, 2);
  await Promise.all([sensor, detector, filter].map((client) => client.close()));
});

test('a leaf device is known by its name, however awkward', async () => {
  const leaves = await hub.open('edge-1/leaves');
  const came = inbox(leaves, 'in');
  for (const id of ['leaf-1', "Line_2.press:07@east*(a)!'"]) {
    const leaf = await hub.open(id);
    await inTime(leaf.sendEvent(new Message('x')), 'PUBACK');
    const got = await eventually(() => came.shift(), 'the message');
    assert.deepEqual(properties(got), { '$.cdid': id });
    await leaf.close();
  }
  await leaves.close();
});

test('a module of a leaf device is not the module of that name of the gateway', async () => {
  const detector = await hub.open('edge-1/detector');
  const came = inbox(detector, 'readings');
  const [own, foreign] = await Promise.all(['edge-1/sensor', 'leaf-1/sensor'].map((id) => hub.open(id)));
  await inTime(foreign.sendOutputEvent('temperature', new Message('foreign')), 'PUBACK');
  await inTime(own.sendOutputEvent('temperature', new Message('own')), 'PUBACK');
  const got = await eventually(() => came.shift(), 'the message');
  assert.equal(got.getData().toString(), 'own');
  assert.equal(came.length, 0);
  await Promise.all([detector, own, foreign].map((client) => client.close()));
});

test('a message of a module without an output takes the route of the module', async () => {
  const [talker, listener] = await Promise.all(['talker', 'listener'].map((name) => hub.open(`edge-1/${name}`)));
  const came = inbox(listener, 'in');
  await inTime(talker.sendEvent(new Message('no output')), 'PUBACK');
  assert.equal((await eventually(() => came.shift(), 'the message')).getData().toString(), 'no output');
  await Promise.all([talker, listener].map((client) => client.close()));
});

test('200 kB go through whole', async () => {
  const [sensor, detector] = await Promise.all(['sensor', 'detector'].map((name) => hub.open(`edge-1/${name}`)));
  const came = inbox(detector, 'readings');
  const body = Buffer.alloc(200_000, 'abc');
  await inTime(sensor.sendOutputEvent('big', new Message(body)), 'PUBACK');
  assert.ok((await eventually(() => came.shift(), 'the message')).getData().equals(body));
  await Promise.all([sensor, detector].map((client) => client.close()));
});

test('body and properties beyond the limit end the connection and nothing else', async () => {
  const sensor = await hub.open('edge-1/sensor');
  const message = new Message(Buffer.alloc(LIMIT - 10));
  message.properties.add('name', 'a value that is too much');
  await assert.rejects(inTime(sensor.sendOutputEvent('big', message), 'the refusal', 60_000));
  const again = await hub.open('edge-1/sensor');
  await inTime(again.sendOutputEvent('small', new Message('x')), 'PUBACK');
  await again.close();
});

test('2,000 acknowledged messages come once each, in order', async () => {
  const [talker, listener] = await Promise.all(['talker', 'listener'].map((name) => hub.open(`edge-1/${name}`)));
  const came = inbox(listener, 'in');
  const sent = [];
  for (let n = 0; n < 2_000; ++n) sent.push(talker.sendEvent(new Message(String(n))));
  await inTime(Promise.all(sent), '2,000 PUBACKs', 60_000);
  await eventually(() => came.length >= 2_000, '2,000 messages');
  assert.deepEqual(came.map((message) => message.getData().toString()), Array.from({ length: 2_000 }, (_, n) => String(n)));
  await Promise.all([talker, listener].map((client) => client.close()));
});
