// MQTT.js against a broker: subscribe, publish ten messages, receive each once and in order.
//
// usage: node round_trip.js URL PROTOCOL(4|5) QOS [CA_FILE]; exit code 0 when everything came.
'use strict';
const fs = require('fs');
const mqtt = require('mqtt');

const PATIENCE_MS = 15000;
const [url, protocol, qos, ca] = process.argv.slice(2);
const client = mqtt.connect(url, {
  protocolVersion: Number(protocol),
  clientId: `mqttjs-${protocol}-${qos}`,
  reconnectPeriod: 0,
  ca: ca ? fs.readFileSync(ca) : undefined,
});

const fail = (why) => {
  console.error(`${url}: ${why}`);
  process.exit(1);
};
const timer = setTimeout(() => fail(`nothing more came; got ${got.length} of 10`), PATIENCE_MS);
const got = [];

client.on('error', (error) => fail(error.message));
client.on('connect', () => client.subscribe('mqttjs/+/echo', { qos: Number(qos) }, (error) => {
  if (error) fail(error.message);
  for (let i = 0; i < 10; ++i) client.publish('mqttjs/1/echo', `message ${i}`, { qos: Number(qos) });
}));
client.on('message', (_topic, payload) => {
  if (payload.toString() !== `message ${got.length}`) fail(`got ${payload} after ${got.length} messages`);
  got.push(payload.toString());
  if (got.length < 10) return;
  clearTimeout(timer);
  client.end(false, {}, () => console.log(`${url} protocol ${protocol} qos ${qos}: 10 messages`));
});
