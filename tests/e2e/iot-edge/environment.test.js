'use strict';
// Modules that have no key: they are what their environment says, and their socket signs for them.
const assert = require('node:assert');
const { after, before, test } = require('node:test');
const { NoRetry } = require('azure-iot-common');
const { Message, ModuleClient } = require('azure-iot-device');
const { Mqtt, MqttWs } = require('azure-iot-device-mqtt');
const { Hub, eventually, inTime, later } = require('./hub.js');

let hub;
before(async () => {
  hub = await Hub.start({
    workload: true,
    routes: { chain: "FROM /messages/modules/sensor/outputs/* INTO BrokeredEndpoint('/modules/detector/inputs/in')" },
  });
  for (const id of ['edge-1/sensor', 'edge-1/detector']) await hub.register(id);
});
after(() => hub.stop());

async function fromEnvironment(variables, { web = false, ...options } = {}) {
  Object.assign(process.env, variables);
  const client = await inTime(ModuleClient.fromEnvironment(web ? MqttWs : Mqtt), 'the trust bundle');
  for (const name of Object.keys(variables)) delete process.env[name];
  client.on('error', () => {});
  client.setRetryPolicy(new NoRetry());
  // The SDK forgets the bundle it was given when other options come: over TLS it is on its own until it is connected.
  if (web) await client.setOptions({ mqtt: { webSocketAgent: hub.agent() } });
  if (Object.keys(options).length > 0) await client.setOptions({ ca: hub.ca, ...options });
  return client;
}

for (const web of [false, true]) {
  test(`fromEnvironment connects, sends, receives and calls over ${web ? 'WebSocket' : 'TLS'}`, async () => {
    const gateway = web ? { gateway: 'localhost' } : {};
    const sensor = await fromEnvironment(await hub.environment('edge-1/sensor', gateway), { web });
    const detector = await fromEnvironment(await hub.environment('edge-1/detector', gateway), { web });
    const came = [];
    detector.on('inputMessage', (input, message) => came.push([input, message.getData().toString()]));
    detector.onMethod('echo', (request, response) => response.send(207, { got: request.payload }));
    await inTime(Promise.all([sensor, detector].map((client) => client.open())), 'CONNACK');
    await inTime(sensor.sendOutputEvent('out', new Message('a reading')), 'PUBACK');
    await eventually(() => came.length > 0, 'the reading');
    assert.deepEqual(came, [['in', 'a reading']]);
    assert.ok((await inTime(sensor.getTwin(), 'the twin')).properties.desired.$version >= 1);
    await sensor.setOptions({ ca: hub.ca, http: { agent: hub.agent() } });
    const call = { methodName: 'echo', payload: 1, responseTimeoutInSeconds: 10, connectTimeoutInSeconds: 20 };
    assert.deepEqual(await inTime(sensor.invokeMethod('edge-1', 'detector', call), 'the answer'), { status: 207, payload: { got: 1 } });
    await Promise.all([sensor, detector].map((client) => client.close()));
  });
}

test('a token is renewed by the socket in mid-flow, also after a restart of the hub', async () => {
  const detector = await hub.open('edge-1/detector', { retry: true });
  const came = new Set();
  detector.on('inputMessage', (_, message) => came.add(message.getData().toString()));
  const sent = [];
  for (const round of [1, 2]) {
    const sensor = await fromEnvironment(await hub.environment('edge-1/sensor'), {
      tokenRenewal: { tokenValidTimeInSeconds: 6, tokenRenewalMarginInSeconds: 4 },
    });
    await inTime(sensor.open(), 'CONNACK');
    const signed = await hub.counter('headgate_workload_signatures_total');
    const renewed = async () => (await hub.counter('headgate_workload_signatures_total')) >= signed + 2;
    for (let n = 0; !(await renewed()); ++n) {
      await inTime(sensor.sendOutputEvent('out', new Message(`${round}: ${n}`)), 'PUBACK');
      sent.push(`${round}: ${n}`);
      await later(50);
    }
    await sensor.close();
    if (round === 1) {
      await detector.close();
      await hub.killAndLaunch();
      await inTime(detector.open(), 'CONNACK');
    }
  }
  await eventually(() => sent.every((text) => came.has(text)), 'all that was acknowledged');
  await detector.close();
});

test('a socket signs for its own module and generation alone', async () => {
  const uri = (await hub.environment('edge-1/sensor')).IOTEDGE_WORKLOADURI;
  const before = await hub.counter('headgate_workload_refused_total');
  for (const variables of [await hub.environment('edge-1/detector', { uri }), await hub.environment('edge-1/sensor', { generation: '637500000000000009' })]) {
    const client = await fromEnvironment(variables);
    await assert.rejects(inTime(client.open(), 'CONNACK'));
  }
  assert.equal(await hub.counter('headgate_workload_refused_total'), before + 2);
});
