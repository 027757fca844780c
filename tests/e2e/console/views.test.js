'use strict';
// Every view, with a site at which much is wrong: what it shows, in both colour schemes, at phone width and at 200 % zoom, for the
// keyboard and for a screen reader. Pictures of each are left.

const assert = require('node:assert/strict');
const { PHONE, Site } = require('./browser.js');
const { eventually } = require('./scene.js');

const site = new Site(['full', 'broken', 'dead', 'paused', 'away', 'budget', 'outage']);

// Address → what it has to say, and the name of its picture. SEQ and ID are put in for those of the first dead letter.
const VIEWS = {
  '#/flow': [/\$upstream/, /modules\/recorder\/inputs\/frames/, /fiber/, /too-hot/, /detector/],
  '#/queue': [/\$upstream/, /session\/terminal-3/, /modules\/press\/inputs\/orders/],
  '#/queue/%24upstream': [/\$upstream/, /plant\/(press|oven|mill)-\d\/temperature/],
  '#/queue/modules%2Fpress%2Finputs%2Forders': [/paused/i, /orders\/press\/1/],
  '#/dead': [/diagnostics\/press-1/, /too large/],
  '#/dead/SEQ': [/diagnostics\/press-1/, /too large/, /diagnostics-up/],
  '#/message/ID': [/plant\/press-1\/temperature/],
  '#/route': [/temperatures-up/, /too-hot/],
  '#/route/minutes-up': [/Tumbling\(1m\)/, /press-1/],
  '#/route/too-hot': [/expected a value/, /celsius >> 80/],
  '#/clients': [/terminal-3/, /sensor/],
  '#/clients/terminal-3': [/terminal-3/, /plant\/\+\/temperature/],
  '#/topics': [/plant/, /modules/],
  '#/topics/plant%2F%23': [/press-1/, /temperature/],
  '#/store': [/sync/i],
  '#/events': [/upstream/],
  '#/events?level=warn': [/upstream/],
  '#/doctor': [/dead letter|paused|full|route/i],
};

const nameOf = (at) => at.replace(/^#\//, '').replaceAll(/%2[0-9A-F]|\W+/g, '-').replaceAll(/-+/g, '-').replace(/-$/, '');

let letter;
let message;
async function filled(at, scene) {
  letter ??= (await scene.json('dlq', 'ls')).dead_letters.find(({ topic }) => topic.startsWith('diagnostics')).seq;
  message ??= await eventually(async () => (await scene.json('queue', 'peek', '$upstream', '-n', '1000')).messages
    .findLast(({ topic }) => topic === 'plant/press-1/temperature')?.seq, 'a message that waits');
  return at.replace('SEQ', letter).replace('ID', message);
}

// Shows each view in turn, in one page.
async function eachView(tab, scene, look) {
  // One trial of routes at a time: the hub refuses a second one, which the view asks for again.
  tab.expect(/\/v1\/routes\/test\?.*status of 503/);
  for (const at of Object.keys(VIEWS)) {
    await tab.go(await filled(at, scene));
    await tab.says(VIEWS[at][0]).catch((error) => assert.fail(`${at}: ${error.message}`));
    await look(at);
  }
}

for (const [at, known] of Object.entries(VIEWS)) {
  site.test(`${at} is opened by its address and shows what there is`, { at: null }, async (tab, scene) => {
    await tab.open(await filled(at, scene));
    for (const pattern of known) await tab.says(pattern);
    assert.doesNotMatch(await tab.text(), /\bundefined\b|\bNaN\b|\[object|\bnull\b(?!")/, 'values that are none');
    assert.equal(await tab.page.locator('main h1').count(), 1, 'headings of the view');
    assert.notEqual(await tab.page.title(), 'Headgate');
    assert.deepEqual(await tab.axe(), []);
    assert.ok(await tab.overflow() <= 0, 'the page scrolls sideways');
  });
}

site.test('every view is readable in the dark', { scheme: 'dark' }, async (tab, scene) => {
  const found = [];
  await eachView(tab, scene, async (at) => {
    found.push(...(await tab.axe({ rules: ['color-contrast'] })).map((one) => `${at}: ${one}`), ...(await pale(tab)).map((one) => `${at}: ${one}`));
    if (at === '#/topics/plant%2F%23' || at === '#/queue/%24upstream') await tab.picture(`${nameOf(at)}-dark`);
  });
  await tab.go('#/flow');
  await tab.page.waitForTimeout(1_500);
  await tab.picture('flow-dark');
  assert.deepEqual(found, []);
});

// Pictures are taken here, of a page that has watched for a while: rates are known by then.
site.test('texts in pictures are readable', {}, async (tab, scene) => {
  const found = [];
  await eachView(tab, scene, async (at) => {
    found.push(...(await pale(tab)).map((one) => `${at}: ${one}`));
    await tab.picture(nameOf(at));
  });
  await tab.go('#/flow');
  await tab.says(/\d\/s in/, 'header');
  await tab.page.waitForTimeout(1_500);
  await tab.picture('flow');
  assert.deepEqual(found, []);
});

for (const [what, viewport] of [['a phone', PHONE], ['a window at 200 % zoom', { width: 640, height: 400 }]])
  site.test(`no view is wider than ${what}`, { viewport }, async (tab, scene) => {
    const found = [];
    await eachView(tab, scene, async (at) => {
      const wide = await tab.overflow();
      if (wide > 0) found.push(`${at}: ${wide} px: ${await widest(tab)}`);
      if (viewport === PHONE) await tab.picture(`${nameOf(at)}-phone`);
    });
    assert.deepEqual(found, []);
  });

site.test('there are landmarks, and a link past the navigation', {}, async (tab) => {
  const { page } = tab;
  for (const [role, name] of [['banner'], ['navigation', 'Views'], ['main']])
    assert.equal(await page.getByRole(role, name ? { name } : {}).count(), 1, role);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Tab');
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Skip/);
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  assert.equal(await page.locator('nav [aria-current=page]').innerText(), 'Flow');
});

site.test('the keyboard reaches all that a mouse does', {}, async (tab, scene) => {
  for (const at of ['#/flow', '#/queue', '#/queue/%24upstream', '#/route/minutes-up', '#/topics', '#/dead']) {
    await tab.go(await filled(at, scene));
    await tab.says(VIEWS[at][0]);
    assert.deepEqual(await unreached(tab), [], at);
  }
});

site.test('arrows go through the tree of topics', { at: '#/topics' }, async (tab) => {
  const { page } = tab;
  await tab.says(/plant/);
  const row = () => page.evaluate(() => document.activeElement.closest('[role=treeitem]')?.dataset.topic);
  await page.locator('[role=tree] [tabindex="0"]').first().focus();
  const met = [await row()];
  for (let i = 0; i < 12 && met.at(-1) !== 'plant'; ++i) {
    await page.keyboard.press('ArrowDown');
    met.push(await row());
  }
  assert.equal(met.at(-1), 'plant', met.join());
  await page.keyboard.press('ArrowRight');
  await tab.says(/press-1/);
});

site.test('the flow has a table of what its picture shows', {}, async (tab) => {
  const details = tab.page.locator('details', { hasText: 'As a table' });
  await details.locator('summary').focus();
  await tab.page.keyboard.press('Enter');
  const table = details.getByRole('table');
  await table.waitFor();
  for (const known of [/temperatures-up/, /\$upstream/, /fiber/, /modules\/press\/inputs\/orders/, /too-hot/]) await tab.says(known, 'details table');
});

site.test('troubles alone, and a name, are found in the flow and stay in its address', {}, async (tab) => {
  const { page } = tab;
  await page.getByRole('button', { name: /Only trouble/ }).click();
  await page.waitForFunction(() => location.hash.includes('trouble=1'));
  await tab.says(/too-hot/, '.flow-picture');
  assert.doesNotMatch(await tab.text('.flow-picture'), /hot-to-display/);
  await page.reload();
  await tab.live();
  await tab.says(/too-hot/, '.flow-picture');
  assert.doesNotMatch(await tab.text('.flow-picture'), /hot-to-display/);
  await page.getByRole('button', { name: /Only trouble/ }).click();
  await page.getByRole('searchbox').first().fill('recorder');
  await page.waitForFunction(() => location.hash.includes('find=recorder'));
  await tab.says(/frames-to-recorder/, '.flow-picture');
  await eventuallyNot(tab, /temperatures-up/);
});

async function eventuallyNot(tab, pattern) {
  await tab.page.waitForFunction((source) => !new RegExp(source).test(document.querySelector('.flow-picture').innerText), pattern.source);
}

// What sticks out of the page to the right, for whoever mends it.
function widest(tab) {
  return tab.page.evaluate(() => {
    const clipped = (element) => element.parentElement?.closest('.rows, [class*=scroll], pre') !== null;
    return [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !clipped(one))
      .slice(-3).map((one) => `${one.tagName.toLowerCase()}.${one.getAttribute('class')}`).join(', ');
  });
}

// Texts of SVG whose contrast to what lies behind them is below 4.5. axe looks at HTML alone.
function pale(tab) {
  return tab.page.evaluate(() => {
    const rgba = (text) => (/rgba?\(([^)]*)\)/.exec(text)?.[1] ?? '0,0,0,0').split(/[ ,/]+/).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (element) => {
      for (let one = element.parentElement; one; one = one.parentElement) {
        const { backgroundColor } = getComputedStyle(one);
        if ((rgba(backgroundColor)[3] ?? 1) === 1) return rgba(backgroundColor);
      }
      return [255, 255, 255];
    };
    return [...document.querySelectorAll('svg text')].filter((text) => text.textContent.trim() && text.getClientRects().length).flatMap((text) => {
      const [a, b] = [light(rgba(getComputedStyle(text).fill)), light(behind(text))].sort((x, y) => y - x);
      const contrast = (a + 0.05) / (b + 0.05);
      return contrast < 4.5 ? [`${text.textContent}: ${contrast.toFixed(1)}`] : [];
    });
  });
}

// Controls that the Tab key does not come to, of those that are shown. In a tree it comes to one, and arrows go on from there.
async function unreached(tab) {
  const { page } = tab;
  await page.evaluate(() => {
    const shown = (one) => one.checkVisibility() && !one.disabled && !one.closest('[inert], details:not([open]) > :not(summary)');
    window.wanted = new Set([...document.querySelectorAll('main a[href], main button, main input, main select, main textarea, main summary')].filter(shown));
    for (const one of window.wanted)
      if ((one.type === 'radio' && !one.checked) || (one.tabIndex < 0 && one.closest('[role=tree], [role=treegrid]'))) window.wanted.delete(one);
    window.stops = window.wanted.size;
    document.addEventListener('focusin', (event) => window.wanted.delete(event.target));
    document.activeElement.blur();
  });
  const stops = await page.evaluate(() => window.stops);
  for (let i = 0; i < stops + 60 && (await page.evaluate(() => window.wanted.size)) > 0; ++i)
    for (let k = 0; k < 10; ++k) await page.keyboard.press('Tab');
  return page.evaluate(() => [...window.wanted].filter((one) => one.isConnected).map((one) => one.outerHTML.slice(0, 160)));
}
