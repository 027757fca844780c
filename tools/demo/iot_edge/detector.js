'use strict';
// Module `detector`: how far a reading is from what is usual. Its threshold is a desired property of its twin, or set by the
// direct method `setThreshold`; what is in force is reported.
const { ModuleClient, Message } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { keepOpen } = require('./keep_open.js');

const MEMORY = 0.02; // share of a new reading in the usual level

let threshold = 10;
let usual;

function score(value) {
  usual ??= value;
  const distance = Math.abs(value - usual);
  if (distance < threshold) usual += MEMORY * (value - usual);
  return distance;
}

async function main() {
  const client = await ModuleClient.fromEnvironment(Mqtt);
  client.on('error', (error) => console.error(error.message));
  keepOpen(client);
  client.on('inputMessage', (_, message) => {
    const { n, value } = JSON.parse(message.getData().toString());
    const distance = score(value);
    const scored = new Message(JSON.stringify({ n, value, score: Number(distance.toFixed(2)), anomalous: distance >= threshold }));
    scored.contentType = 'application/json';
    scored.contentEncoding = 'utf-8';
    client.sendOutputEvent('scores', scored).catch((error) => console.error(error.message));
  });
  await client.open();
  const twin = await client.getTwin();
  const use = (wanted) => {
    threshold = wanted;
    twin.properties.reported.update({ threshold }, (error) => error && console.error(error.message));
  };
  twin.on('properties.desired', (desired) => desired.threshold !== undefined && use(desired.threshold));
  client.onMethod('setThreshold', (request, response) => {
    const before = threshold;
    use(request.payload.threshold);
    response.send(200, { before, now: threshold });
  });
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
