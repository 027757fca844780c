'use strict';
const assert = require('node:assert');
const { after, before, test } = require('node:test');
const { Hub, inTime } = require('./hub.js');

let hub;
before(async () => {
  hub = await Hub.start();
  for (const id of ['edge-1/detector', 'edge-1/sensor', 'leaf-1']) await hub.register(id);
});
after(() => hub.stop());

function handle(client, name, status) {
  const on = (client.onMethod ?? client.onDeviceMethod).bind(client);
  const calls = [];
  on(name, (request, response) => {
    calls.push(request.payload);
    response.send(status, { got: request.payload });
  });
  return calls;
}

// Until the hub has the subscription that a handler makes.
const called = async (id, ...words) => JSON.parse(await hub.tool('method', 'invoke', id, ...words, '--connect-timeout', '20', '--json'));

for (const web of [false, true]) {
  test(`an operator calls a module and a device over ${web ? 'WebSocket' : 'TLS'}`, async () => {
    for (const id of ['edge-1/detector', 'leaf-1']) {
      const client = await hub.open(id, { web });
      handle(client, 'echo', 207);
      assert.deepEqual(await called(id, 'echo', '{"x":[1,"ü"]}'), { status: 207, payload: { got: { x: [1, 'ü'] } } });
      assert.deepEqual(await called(id, 'echo'), { status: 207, payload: { got: null } });
      await client.close();
    }
  });
}

test('a module calls a module and a leaf device', async () => {
  const [caller, target, leaf] = await Promise.all(['edge-1/sensor', 'edge-1/detector', 'leaf-1'].map((id) => hub.open(id)));
  handle(target, 'threshold', 200);
  handle(leaf, 'threshold', 200);
  const call = { methodName: 'threshold', payload: { value: 0.9 }, responseTimeoutInSeconds: 10, connectTimeoutInSeconds: 20 };
  const answer = { status: 200, payload: { got: { value: 0.9 } } };
  assert.deepEqual(await inTime(caller.invokeMethod('edge-1', 'detector', call), 'the answer'), answer);
  assert.deepEqual(await inTime(caller.invokeMethod('leaf-1', call), 'the answer'), answer);
  await Promise.all([caller, target, leaf].map((client) => client.close()));
});

test('nobody there is not found, and no answer is a time-out', async () => {
  const caller = await hub.open('edge-1/sensor');
  const call = { methodName: 'nothing', payload: null, responseTimeoutInSeconds: 5, connectTimeoutInSeconds: 0 };
  await assert.rejects(inTime(caller.invokeMethod('edge-1', 'detector', call), 'the answer'), /Not found/);
  const target = await hub.open('edge-1/detector');
  handle(target, 'something', 200);
  await assert.rejects(inTime(caller.invokeMethod('edge-1', 'detector', { ...call, connectTimeoutInSeconds: 20 }), 'the answer'),
    { name: 'GatewayTimeoutError' });
  await Promise.all([caller, target].map((client) => client.close()));
});
