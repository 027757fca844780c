'use strict';
// Names and bodies of whoever may publish are shown as text, and run nothing.

const assert = require('node:assert/strict');
const { Site } = require('./browser.js');

const site = new Site(['hostile']);

const VIEWS = ['#/flow', '#/queue', '#/clients', '#/topics', '#/topics/hostile%2F%23', '#/route', '#/events', '#/doctor', '#/store'];

// What markup would have made: elements that the page never makes, handlers in attributes, another title.
function harm(tab) {
  return tab.page.evaluate(() => [
    ...[...document.querySelectorAll('img, script:not([src^="/console/"]), iframe, object, embed, svg[onload], base, form[action], [srcdoc]')].map((one) => one.outerHTML.slice(0, 200)),
    ...[...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames().filter((name) => name.startsWith('on')).map((name) => `${one.tagName} ${name}`)),
    ...[...document.querySelectorAll('a[href]')].map((one) => one.href).filter((href) => !href.startsWith(location.origin + '/')),
    ...(document.title.includes('pwned') ? ['the title'] : []),
    ...({}.polluted ? ['the prototype of objects'] : []),
  ]);
}

// Names with marks of direction do not turn round what stands beside them.
function turned(tab) {
  return tab.page.evaluate(() => [...document.querySelectorAll('body *')].filter((one) => one.children.length === 0 && /[\u202a-\u202e\u2066-\u2069]/.test(one.textContent) &&
    !one.closest('bdi, [dir]') && !['TEXTAREA', 'OPTION'].includes(one.tagName) && getComputedStyle(one).unicodeBidi === 'normal').map((one) => one.outerHTML.slice(0, 160)));
}

async function harmless(tab, at) {
  assert.deepEqual(await harm(tab), [], at);
  assert.deepEqual(await turned(tab), [], at);
  assert.ok(await tab.overflow() <= 0, `${at} scrolls sideways`);
}

for (const at of VIEWS)
  site.test(`names of ${at} are text`, { at }, async (tab) => {
    await tab.page.waitForSelector('main h1');
    await tab.page.waitForTimeout(1_500);
    await harmless(tab, at);
    await tab.picture(`hostile-${at.replaceAll(/\W+/g, '-')}`);
  });

site.test('each client with an odd name has a view of its own', { at: null }, async (tab, scene) => {
  const { clients } = await scene.json('client', 'ls');
  for (const { client_id: id } of clients.filter((client) => /[<>\u202E/:]/.test(client.client_id) || client.client_id.length > 1000)) {
    // The address of 60 kB is what a link in the list of clients says.
    await (tab.page.url() === 'about:blank' ? tab.open(`#/clients/${encodeURIComponent(id)}`) : tab.go(`#/clients/${encodeURIComponent(id)}`));
    await tab.page.waitForSelector('main h1');
    await tab.says(/subscriptions/i);
    await harmless(tab, id.slice(0, 60));
  }
});

site.test('each queue with an odd name shows its messages', { at: null }, async (tab, scene) => {
  const { queues } = await scene.json('queue', 'ls');
  for (const { name } of queues.filter((queue) => /[<>\u202E:]/.test(queue.name) || queue.name.length > 1000)) {
    await (tab.page.url() === 'about:blank' ? tab.open(`#/queue/${encodeURIComponent(name)}`) : tab.go(`#/queue/${encodeURIComponent(name)}`));
    await tab.page.waitForSelector('main h1');
    await tab.page.waitForTimeout(600);
    await harmless(tab, name.slice(0, 60));
  }
});

site.test('bodies are shown, and run nothing, whatever they are', { at: null }, async (tab, scene) => {
  const { queues } = await scene.json('queue', 'ls');
  const { name } = queues.find((queue) => queue.name.startsWith('modules/<img'));
  await tab.open(`#/queue/${encodeURIComponent(name)}`);
  await tab.says(/hostile\//);
  const rows = tab.page.locator('main').getByRole('button', { name: /body|show|open/i });
  const links = tab.page.locator('main a[href^="#/message/"]');
  await tab.picture('hostile-queue');
  for (let i = 0; i < Math.min(12, await rows.count()); ++i) await rows.nth(i).click({ timeout: 3_000 }).catch(() => {});
  await tab.page.waitForTimeout(500);
  await harmless(tab, 'bodies');
  await tab.picture('hostile-bodies');
  const targets = await links.evaluateAll((all) => all.map((one) => one.getAttribute('href')));
  for (const target of targets.slice(0, 6)) {
    await tab.go(target);
    await tab.page.waitForSelector('main h1');
    await tab.page.waitForTimeout(300);
    await harmless(tab, target);
  }
});

site.test('an address that means harm shows nothing but a view', { at: null }, async (tab) => {
  tab.expect(/status of (400|404)/);
  for (const at of ["#/queue/<img src=x onerror=document.title='pwned'>", '#/%3Cscript%3Ealert(1)%3C%2Fscript%3E', '#/clients/%E0%A4%A', '#/route/..%2F..%2Fv1%2Fstatus',
    '#/topics/%23?find=<svg onload=alert(1)>', '#/dead/abc', '#/message/%00', '#/__proto__', '#/constructor', '#//evil.example/x']) {
    await tab.page.goto('about:blank');
    await tab.page.goto(`${tab.base}/${at}`);
    await tab.page.waitForSelector('main .view');
    await tab.page.waitForTimeout(500);
    assert.deepEqual(await harm(tab), [], at);
  }
});
