'use strict';
// Chromium for a file of tests: each test gets a page of its own, signed in, and fails on anything that a page must not do:
// errors on its console, exceptions, promises that nobody catches, violations of its policy, requests to anybody else.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { chromium } = require('playwright-core');
const { eventually, startScene } = require('./scene.js');

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };
const PICTURES = path.resolve('screenshots');
const TEST_MS = 90_000;

// A page that nobody has signed in to asks who looks, and Chromium notes the answer: no fault.
const EXPECTED = [/\/v1\/session .*status of 401/];

class Tab {
  constructor(context, page, scene) {
    Object.assign(this, { context, page, scene, faults: [], expected: [...EXPECTED] });
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() !== 'error' && !/Content Security Policy|Trusted(HTML|Script)/.test(text)) return;
      this.fault(`console: ${message.location().url} ${text}`);
    });
    page.on('pageerror', (error) => this.fault(`error: ${error.stack ?? error.message}`));
    page.on('crash', () => this.fault('the page crashed'));
    page.on('dialog', (dialog) => {
      this.fault(`dialog: ${dialog.message()}`);
      dialog.dismiss().catch(() => {});
    });
    context.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(this.base).origin) this.fault(`request: ${request.url()}`);
      this.look?.(request);
    });
  }

  get base() {
    return this.scene.url;
  }

  fault(text) {
    this.faults.push(text.length > 600 ? `${text.slice(0, 300)}\u2026${text.slice(-200)}` : text);
  }

  // Faults that the test brings about itself, such as those of a hub that is away.
  expect(...patterns) {
    this.expected.push(...patterns);
  }

  verify() {
    const faults = this.faults.filter((fault) => !this.expected.some((pattern) => pattern.test(fault)));
    assert.deepEqual(faults, [], 'what a page must not do');
  }

  // Signs in without the form, as a browser that has the cookie already.
  async signIn(role) {
    const { status, headers, body } = await this.scene.api('POST', '/v1/session', { token: this.scene.tokens[role], body: '{}' });
    assert.equal(status, 200, JSON.stringify(body));
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(headers['set-cookie'][0]);
    await this.context.addCookies([{ name, value, url: this.base, httpOnly: true, sameSite: 'Strict' }]);
  }

  // Opens a view by its address, and waits until it shows the hub as it is.
  async open(at = '#/flow', { live = true } = {}) {
    await this.page.goto(`${this.base}/${at}`);
    if (live) await this.live();
  }

  async live() {
    await this.page.waitForFunction(() => document.querySelector('main .view') && document.querySelector('.state')?.textContent === 'live');
  }

  // Goes to another view of the page as it is.
  async go(at) {
    await this.page.evaluate((hash) => { location.hash = hash; }, at);
    await this.page.waitForFunction((view) => document.querySelector(`main .view-${view}`), at.replace(/^#\/?/, '').split(/[/?]/)[0] || 'flow');
  }

  text(selector = 'main') {
    return this.page.locator(selector).first().innerText();
  }

  // Waits until the text of what `selector` finds matches, and returns it.
  async says(pattern, selector = 'main') {
    let last = '';
    try {
      return await eventually(async () => {
        last = await this.page.locator(selector).allInnerTexts().then((all) => all.join('\n'));
        return pattern.test(last) && last;
      }, `${pattern}`, 15_000);
    } catch {
      throw new Error(`${selector} never said ${pattern}; it said:\n${last.slice(0, 2000)}`);
    }
  }

  async picture(name, options = {}) {
    fs.mkdirSync(PICTURES, { recursive: true });
    await this.page.screenshot({ path: path.join(PICTURES, `${name}.png`), ...options });
  }

  // Runs axe in the page; returns what is serious, in words. `source` is evaluated by the debugger, which no policy concerns.
  async axe({ rules } = {}) {
    const known = await this.page.evaluate(() => Boolean(window.axe));
    if (!known) await this.page.evaluate(fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
    const violations = await this.page.evaluate(async (only) => {
      const options = { resultTypes: ['violations'], ...(only ? { runOnly: { type: 'rule', values: only } } : {}) };
      return (await window.axe.run(document, options)).violations;
    }, rules);
    return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) =>
      nodes.slice(0, 5).map((node) => `${id}: ${node.target.join(' ')}: ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ''}`));
  }

  // How far the page, and not a part of it that scrolls by itself, is wider than its window, in CSS pixels.
  overflow() {
    return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  }
}

async function launch() {
  const root = process.getuid() === 0;
  return chromium.launch({ executablePath: process.env.HEADGATE_CHROMIUM ?? '/usr/bin/chromium', headless: true,
    args: [...(root ? ['--no-sandbox'] : []), '--force-color-profile=srgb', '--font-render-hinting=none'] });
}

// Evaluated in each page before anything of it: what the policy forbids is noted.
function noteViolations() {
  window.violations = [];
  document.addEventListener('securitypolicyviolation', (event) => {
    window.violations.push(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`);
  });
}

// A scene and a browser for all tests of a file. `parts` as for startScene().
class Site {
  constructor(parts = [], options = {}) {
    before(async () => {
      [this.scene, this.browser] = await Promise.all([startScene(parts, options), launch()]);
    }, { timeout: TEST_MS });
    after(async () => {
      await Promise.all([this.scene?.stop(), this.browser?.close()]);
    }, { timeout: TEST_MS });
  }

  async tab({ role = 'admin', at = '#/flow', viewport = DESK, scheme = 'light', zone = 'Europe/Berlin', scale = 1 } = {}) {
    const context = await this.browser.newContext({ viewport, colorScheme: scheme, timezoneId: zone, locale: 'en-GB', deviceScaleFactor: scale,
      reducedMotion: 'reduce' });
    context.setDefaultTimeout(15_000);
    await context.addInitScript(noteViolations);
    const tab = new Tab(context, await context.newPage(), this.scene);
    if (role) await tab.signIn(role);
    if (at) await tab.open(at, { live: Boolean(role) });
    return tab;
  }

  // A test with a page; `options`: role (null: nobody is signed in), at (its address), viewport, scheme ('dark').
  test(name, options, body) {
    test(name, { timeout: TEST_MS }, async () => {
      const tab = await this.tab(options);
      try {
        await body(tab, this.scene);
        for (const violation of await tab.page.evaluate(() => window.violations)) tab.fault(violation);
        tab.verify();
      } catch (error) {
        await tab.picture(`failed-${name.replace(/\W+/g, '-').slice(0, 60)}`).catch(() => {});
        if (tab.faults.length) error.message += `\nfaults: ${tab.faults.join('\n')}`;
        throw error;
      } finally {
        await tab.context.close();
      }
    });
  }
}

module.exports = { DESK, PHONE, Site, Tab, launch };
