'use strict';
// The SDK takes a hub that is not there for a refusal, says `disconnect` and tries no more.
const AGAIN_MS = 500;

module.exports.keepOpen = (client) =>
  client.on('disconnect', async () => {
    for (let open = false; !open; ) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      open = await client.open().then(() => true, () => false);
    }
  });
