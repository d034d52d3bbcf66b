// What the tests share: a browser, the host page, and calls of Sinew's API.
import assert from 'node:assert/strict'

const patience = 30_000 // milliseconds, for machines that are busy with other tests

// eventually waits until what is read is what is wanted: pages draw behind the click
// that changes them.
export async function eventually(read, wanted, message) {
  const end = performance.now() + patience
  for (;;) {
    const found = await read()
    if (found === wanted) {
      return
    }
    if (performance.now() > end) {
      assert.equal(found, wanted, message)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

// last is what may be the last thing that is done in a window: the window can be
// gone before the driver has heard that it was done.
export async function last(act) {
  await act.catch((error) => {
    if (!/has been closed/.test(error.message)) {
      throw error
    }
  })
}

// ends waits for a window to close by what is done in it.
export async function ends(page, act) {
  await Promise.all([page.waitForEvent('close'), last(act())])
}

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
    context.setDefaultTimeout(patience)
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
