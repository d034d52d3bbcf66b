// What the tests share: a browser, the host page, and calls of Sinew's API.
import assert from 'node:assert/strict'

export class World {
  constructor({ settings, browser, host }) {
    Object.assign(this, settings)
    this.browser = browser
    this.host = host
  }

  async api(method, path, body, token = this.token) {
    const response = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await response.text()
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  async linkToken(body = { tenant_id: 'acme-1' }) {
    return (await this.api('POST', '/link-token', body)).link_token
  }

  // open gives a test a browser of its own, and fails it for what no page may do:
  // break its content security policy, or throw.
  async open(options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1100, height: 850 }, locale: 'en-GB', ...options })
    context.setDefaultTimeout(20_000)
    const complaints = []
    context.on('weberror', (error) => complaints.push(String(error.error())))
    context.on('console', (message) => {
      if (/content security policy/i.test(message.text())) {
        complaints.push(message.text())
      }
    })
    return {
      context,
      close: async () => {
        await context.close()
        assert.deepEqual(complaints, [])
      },
    }
  }

  // application is the host page in a new browser.
  async application(options) {
    const { context, close } = await this.open(options)
    const app = await context.newPage()
    await app.goto(this.host.url)
    await app.waitForFunction('window.ready')
    return { context, app, close }
  }

  // start opens the connect page in a window with one of the scripts.
  async start(app, kind, token, options) {
    const opened = app.waitForEvent('popup')
    await app.evaluate(([kind, token, options]) => window.start(kind, token, options), [kind, token, { baseUrl: this.url, ...options }])
    return opened
  }

  // outcome waits for the promise of the script to settle, and wants one message.
  async outcome(app) {
    const handle = await app.waitForFunction('window.outcome')
    return handle.jsonValue()
  }

  async wantOneMessage(app) {
    const said = await app.evaluate('window.messages')
    assert.equal(said.length, 1, JSON.stringify(said))
    return said[0]
  }

  account(id) {
    return this.api('GET', `/integrated-account/${id}`)
  }
}
