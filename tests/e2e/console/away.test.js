'use strict';
// A page stays as its reader left it: over a hub that dies and comes back, and over a hundred updates.

const assert = require('node:assert/strict');
const { Site } = require('./browser.js');

const site = new Site(['full', 'away', 'dead']);

// What Chromium notes of a hub that is away, and the hub's end of a stream.
const AWAY = [/net::ERR_/, /status of 50[23]/];

// Marks elements, so that one that was made anew is found out, and returns what the reader has done to the page.
function begin(tab) {
  return tab.page.evaluate(() => {
    for (const one of document.querySelectorAll('main details > summary')) if (!one.parentElement.open) one.click();
    const scrollers = [...document.querySelectorAll('main *')].filter((one) => one.scrollHeight > one.clientHeight + 40 &&
      ['auto', 'scroll'].includes(getComputedStyle(one).overflowY));
    if (scrollers[0]) scrollers[0].scrollTop = 25;
    window.scrollTo(0, 120);
    const stops = [...document.querySelectorAll('main a[href], main input, main select, main button')].filter((one) => one.checkVisibility());
    // What stands in trouble is named above the flow, and is gone once it stands no more: things themselves stay.
    const steady = stops.filter((one) => one.matches('[data-route] a, tr a') && !one.closest('.flow-words'));
    const link = steady[0] ?? stops[3] ?? stops[0];
    link.focus({ preventScroll: true });
    const range = document.createRange();
    const title = document.querySelector('main h1');
    range.selectNodeContents(title);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    window.left = { link, title, scroller: scrollers[0], top: scrollers[0]?.scrollTop, y: window.scrollY, selected: getSelection().toString(),
                    open: document.querySelectorAll('main details[open]').length, hash: location.hash };
    return { y: window.scrollY, open: window.left.open, link: link.textContent };
  });
}

function changed(tab) {
  return tab.page.evaluate(() => {
    const { link, title, scroller, top, y, selected, open, hash } = window.left;
    const now = [];
    if (!title.isConnected) now.push('the heading was made anew');
    if (document.activeElement !== link) now.push(`the focus is at ${document.activeElement.outerHTML.slice(0, 200)}, the link is ${link.isConnected ? 'there' : 'gone'}`);
    if (Math.abs(window.scrollY - y) > 2) now.push(`the page scrolled from ${y} to ${window.scrollY}`);
    if (scroller && Math.abs(scroller.scrollTop - top) > 2) now.push(`a part scrolled from ${top} to ${scroller.scrollTop}`);
    if (getSelection().toString() !== selected) now.push(`selected is "${getSelection()}"`);
    const panels = document.querySelectorAll('main details[open]').length;
    if (panels !== open) now.push(`${panels} panels are open, of ${open}`);
    if (location.hash !== hash) now.push(`the address is ${location.hash}`);
    return now;
  });
}

for (const at of ['#/flow', '#/queue', '#/queue/session%2Fterminal-3', '#/route/temperatures-up', '#/clients', '#/topics', '#/events'])
  site.test(`a hub that is killed says so at ${at}, comes back, and the page goes on`, { at: null }, async (tab, scene) => {
    tab.expect(...AWAY);
    await tab.open(at);
    await tab.page.waitForSelector('main h1');
    await tab.page.waitForTimeout(1_200);
    await begin(tab);
    await scene.killHub();
    await tab.says(/has not answered since/, '[role=alert]');
    if (at === '#/flow') await tab.picture('away');
    await scene.startHub();
    await tab.page.waitForFunction(() => document.querySelector('.state').textContent === 'live' &&
      document.querySelector('.banner[role=alert]').hidden, null, { timeout: 30_000 });
    await tab.page.waitForTimeout(1_200);
    assert.deepEqual(await changed(tab), []);
  });

// Evaluated before the page's own code: keeps what the hub says to it, and says more in the hub's name, faster than the hub does.
function overhear() {
  const rows = { queues: new Map(), routes: new Map(), clients: new Map() };
  const Real = window.EventSource;
  window.EventSource = class extends Real {
    constructor(...of) {
      super(...of);
      window.source = this;
      this.addEventListener('message', (event) => {
        window.said = JSON.parse(event.data);
        for (const part of Object.keys(rows)) for (const row of window.said[part]?.changed ?? []) rows[part].set(row.name ?? row.client_id, row);
      });
    }
  };
  const more = (row) => Object.fromEntries(Object.entries(row).map(([key, value]) =>
    [key, ['in', 'waiting', 'waiting_bytes', 'delivered', 'evaluated', 'matched', 'results', 'messages_in'].includes(key) ? value + 3 : value]));
  window.sayMore = () => {
    for (const part of Object.values(rows)) for (const [key, row] of part) part.set(key, more(row));
    window.said = { ...window.said, first: false, now_ms: window.said.now_ms + 1000, events: [] };
    for (const part of Object.keys(rows)) if (rows[part].size) window.said[part] = { changed: [...rows[part].values()], gone: [] };
    window.source.onmessage({ data: JSON.stringify(window.said) });
  };
}

for (const at of ['#/flow', '#/queue', '#/queue/session%2Fterminal-3', '#/clients', '#/route', '#/route/temperatures-up', '#/events'])
  site.test(`a hundred updates leave focus, selection, scroll and panels of ${at} where they are`, { at: null }, async (tab) => {
    await tab.page.addInitScript(overhear);
    await tab.open(at);
    await tab.page.waitForSelector('main h1');
    await tab.page.waitForTimeout(1_200);
    await begin(tab);
    const gone = await tab.page.evaluate(async () => {
      const removed = new Set();
      const observer = new MutationObserver((records) => records.forEach((record) => record.removedNodes.forEach((node) => removed.add(node.nodeName))));
      observer.observe(document.querySelector('main'), { childList: true, subtree: true });
      for (let i = 0; i < 100; ++i) {
        window.sayMore();
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      observer.disconnect();
      return [...removed].filter((name) => ['TABLE', 'TR', 'SECTION', 'LI', 'DETAILS', 'INPUT', 'BUTTON', 'A'].includes(name));
    });
    assert.deepEqual(await changed(tab), []);
    assert.deepEqual(gone, [], 'elements that were made anew');
  });
