'use strict';
// Module `filter`: of a run of anomalous readings it lets the first through, as `open`, and the end, as `closed` with its peak.
const { ModuleClient, Message } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { keepOpen } = require('./keep_open.js');

let run = null;

function step({ n, value, anomalous }) {
  if (anomalous && !run) {
    run = { since: n, peak: value };
    return { state: 'open', ...run };
  }
  if (anomalous) {
    run.peak = Math.max(run.peak, value);
    return null;
  }
  if (!run) return null;
  const closed = { state: 'closed', ...run, readings: n - run.since };
  run = null;
  return closed;
}

async function main() {
  const client = await ModuleClient.fromEnvironment(Mqtt);
  client.on('error', (error) => console.error(error.message));
  keepOpen(client);
  client.on('inputMessage', (_, message) => {
    const found = step(JSON.parse(message.getData().toString()));
    if (!found) return;
    const anomaly = new Message(JSON.stringify(found));
    anomaly.contentType = 'application/json';
    anomaly.contentEncoding = 'utf-8';
    anomaly.messageId = `${found.since}-${found.state}`;
    client.sendOutputEvent('anomalies', anomaly).catch((error) => console.error(error.message));
  });
  await client.open();
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
