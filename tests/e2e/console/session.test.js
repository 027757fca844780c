'use strict';
// Who may look: sign-in and its end, and what a token without rights sees.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { Site } = require('./browser.js');

const site = new Site(['dead', 'paused']);

// Everything of the browser that outlives the page, or that others may read.
function kept(tab) {
  return tab.page.evaluate(async () => JSON.stringify([
    location.href, { ...localStorage }, { ...sessionStorage }, document.cookie, history.state,
    (await indexedDB.databases()).length, (await caches.keys()).length, document.documentElement.outerHTML]));
}

async function enter(tab, token) {
  await tab.page.fill('#token', token);
  await tab.page.keyboard.press('Enter');
}

site.test('a token opens the page, is kept nowhere, and its end closes it', { role: null }, async (tab, scene) => {
  const asked = [];
  tab.look = (request) => asked.push(request.url());
  await tab.page.waitForSelector('#token');
  assert.ok(await tab.page.evaluate(() => document.activeElement.id === 'token'), 'the box has the focus');
  await tab.picture('signin');
  await enter(tab, scene.tokens.operate);
  await tab.live();
  await tab.says(/ann \(operate\)/, 'header');
  assert.ok(!(await kept(tab)).includes(scene.tokens.operate), 'the token is in the page');
  assert.ok(!asked.some((url) => url.includes(scene.tokens.operate)), 'the token is in an address');
  const [cookie] = await tab.context.cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.expires], [true, 'Strict', -1]);
  assert.ok(!cookie.value.includes(scene.tokens.operate), 'the cookie is the token');
  await tab.page.reload();
  await tab.live();
  await tab.page.click('text=Sign out');
  await tab.page.waitForSelector('#token');
  await tab.page.reload();
  await tab.page.waitForSelector('#token');
});

site.test('a wrong token is refused in words', { role: null }, async (tab) => {
  await enter(tab, 'hg_wrong');
  await tab.says(/does not know this token/);
  assert.equal(await tab.page.locator('nav').count(), 0);
  await tab.axe().then((found) => assert.deepEqual(found, []));
});

site.test('a token that is taken out of the file ends what is open', { role: 'operate' }, async (tab, scene) => {
  tab.expect(/status of 401/, /v1\/live.*net::ERR_/);
  const before = fs.readFileSync(scene.file('tokens'), 'utf8');
  fs.writeFileSync(scene.file('tokens'), before.split('\n').filter((line) => !line.startsWith('operate')).join('\n'));
  try {
    await scene.tool('reload');
    await tab.page.waitForSelector('#token', { timeout: 20_000 });
  } finally {
    fs.writeFileSync(scene.file('tokens'), before);
    await scene.tool('reload');
  }
});
