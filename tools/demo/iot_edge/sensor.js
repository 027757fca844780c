'use strict';
// Module `sensor`: a machine's temperature twenty times a second, which runs hot every twelve seconds.
const { ModuleClient, Message } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { keepOpen } = require('./keep_open.js');

const INTERVAL_MS = 50;
const READINGS = Number(process.env.READINGS ?? 600);
const FAULT_EVERY = 240;
const FAULT = 20;
const AGAIN_MS = 500;

// Sends again what the hub has not acknowledged: with the same id, by which a consumer knows it.
async function acknowledged(client, message) {
  for (;;) {
    if (await client.sendOutputEvent('readings', message).then(() => true, () => false)) return;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

async function main() {
  const client = await ModuleClient.fromEnvironment(Mqtt);
  client.on('error', (error) => console.error(error.message));
  keepOpen(client);
  await client.open();
  const sent = [];
  for (let n = 0; n < READINGS; ++n) {
    const hot = n % FAULT_EVERY >= FAULT_EVERY - FAULT;
    const value = 80 + 2 * Math.sin(n / 15) + (hot ? 25 : 0);
    const message = new Message(JSON.stringify({ n, value: Number(value.toFixed(2)) }));
    message.messageId = `reading-${n}`;
    message.contentType = 'application/json';
    message.contentEncoding = 'utf-8';
    sent.push(acknowledged(client, message));
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
  await Promise.all(sent);
  console.log(`acknowledged ${sent.length}`);
  client.removeAllListeners('disconnect');
  await client.close();
}

main().then(() => process.exit(0), (error) => {
  console.error(error.message);
  process.exit(1);
});
