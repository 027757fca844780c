'use strict';
const assert = require('node:assert');
const crypto = require('node:crypto');
const { EventEmitter } = require('node:events');
const { after, before, test } = require('node:test');
const { AuthenticationType, NoRetry } = require('azure-iot-common');
const { Client } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { CLOUD, Hub, inTime } = require('./hub.js');

// Leaf devices with every character that ids may have.
const AWKWARD = "Line_2.press:07@east*(a)!'%,=$?";

let hub;
before(async () => {
  hub = await Hub.start();
  await hub.register('edge-1/sensor');
  await hub.register('leaf-1');
  await hub.register(AWKWARD);
});
after(() => hub.stop());

function token(resource, key, expiresS) {
  const signed = crypto.createHmac('sha256', Buffer.from(key, 'base64')).update(`${resource}\n${expiresS}`).digest('base64');
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signed)}&se=${expiresS}`;
}

for (const web of [false, true]) {
  const way = web ? 'WebSocket' : 'TLS';
  test(`a module with its key is let in over ${way}`, async () => {
    const client = await hub.open('edge-1/sensor', { web });
    await inTime(client.close(), 'the end');
  });
  test(`a device with its key is let in over ${way}`, async () => {
    const client = await hub.open('leaf-1', { web });
    await inTime(client.close(), 'the end');
  });
  test(`a device with an awkward name is let in over ${way}`, async () => {
    const client = await hub.open(AWKWARD, { web });
    await inTime(client.close(), 'the end');
  });
  test(`a wrong key is refused as unauthorized over ${way}`, async () => {
    const client = await hub.client('leaf-1', { web, key: Buffer.from('another key').toString('base64') });
    await assert.rejects(inTime(client.open(), 'CONNACK'), { name: 'UnauthorizedError' });
  });
}

test('an identity that is not registered is refused as unauthorized', async () => {
  const client = await hub.client('leaf-9', { key: hub.keys.get('leaf-1') });
  await assert.rejects(inTime(client.open(), 'CONNACK'), { name: 'UnauthorizedError' });
});

// Hands one token to the SDK, and never another.
class OneToken extends EventEmitter {
  constructor(device, text) {
    super();
    this.type = AuthenticationType.Token;
    this.credentials = { deviceId: device, host: CLOUD, gatewayHostName: `localhost:${hub.tlsPort}`, sharedAccessSignature: text };
  }

  getDeviceCredentials(done) {
    done(null, this.credentials);
  }

  stop() {}
}

async function openWithToken(device, text) {
  const client = Client.fromAuthenticationProvider(new OneToken(device, text), Mqtt);
  client.on('error', () => {});
  client.setRetryPolicy(new NoRetry());
  await client.setOptions({ ca: hub.ca });
  await inTime(client.open(), 'CONNACK');
  return client;
}

test('a token is good until it has expired, and five minutes more for clocks that differ', async () => {
  const now = Math.floor(Date.now() / 1000);
  const made = (expiresS) => token(`${CLOUD}%2Fdevices%2Fleaf-1`, hub.keys.get('leaf-1'), expiresS);
  const client = await openWithToken('leaf-1', made(now - 200));
  await client.close();
  await assert.rejects(openWithToken('leaf-1', made(now - 301)), { name: 'UnauthorizedError' });
});

test('a token of another device is refused', async () => {
  const later = Math.floor(Date.now() / 1000) + 3600;
  const text = token(`${CLOUD}%2Fdevices%2Fleaf-2`, hub.keys.get('leaf-1'), later);
  await assert.rejects(openWithToken('leaf-1', text), { name: 'UnauthorizedError' });
});

test('a refusal does not end the session that the owner has open', async () => {
  const owner = await hub.open('leaf-1');
  const thief = await hub.client('leaf-1', { key: Buffer.from('another key').toString('base64') });
  await assert.rejects(inTime(thief.open(), 'CONNACK'), { name: 'UnauthorizedError' });
  const twin = await inTime(owner.getTwin(), 'a twin');
  assert.ok(twin.properties.desired.$version >= 1);
  await owner.close();
});

test('an identity that is disabled is closed and let in no more', async () => {
  await hub.register('leaf-2');
  const client = await hub.open('leaf-2');
  const closed = new Promise((resolve) => client.once('disconnect', resolve));
  await hub.tool('identity', 'rm', 'leaf-2', '--file', hub.file('identities.json'));
  await hub.tool('reload');
  await inTime(closed, 'the end of the connection');
  const again = await hub.client('leaf-2');
  await assert.rejects(inTime(again.open(), 'CONNACK'), { name: 'UnauthorizedError' });
});
