// Every state of the page, in all its looks: a picture is taken, nothing is cut off
// at a width of 320 pixels, and axe finds nothing in both layouts and both schemes. The answers of the server are
// made up here, so that each state can be had.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8')

// What depends on colours and sizes is checked again in the last look.
const looks = {
  'desktop-light': { viewport: { width: 1000, height: 800 }, colorScheme: 'light', checked: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } },
  'desktop-dark': { viewport: { width: 1000, height: 800 }, colorScheme: 'dark' },
  'phone-light': { viewport: { width: 320, height: 640 }, colorScheme: 'light' },
  'phone-dark': { viewport: { width: 320, height: 640 }, colorScheme: 'dark', checked: { type: 'rule', values: ['color-contrast', 'target-size', 'scrollable-region-focusable'] } },
}

const logo = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 32"><rect width="120" height="32" rx="8" fill="#0d6e6e"/><circle cx="18" cy="16" r="8" fill="#fff"/><rect x="34" y="12" width="70" height="8" rx="4" fill="#fff"/></svg>')}`
const mark = (color) => `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="14" fill="${color}"/><path d="M10 20l6-10 6 10z" fill="#fff"/></svg>`)}`

const field = (name, label, more) => ({ name, label, type: 'text', required: true, default: null, format: null, pattern: null, placeholder: null, help_text: null, options: null, ...more })
const key = {
  format: 'api_key', label: 'API key', redirects: false, device: false, scopes: null, documentation_link: 'https://help.example/keys', permissions_text: 'Reads your contacts and writes tickets. Nothing is ever deleted.',
  fields: [
    field('subdomain', 'Subdomain', { placeholder: 'acme', pattern: '^[a-z0-9-]+$', help_text: 'The first part of your address: acme in acme.help.example.' }),
    field('api_key', 'API key', { type: 'password' }),
    field('plan', 'Plan', { type: 'single_select', required: false, default: 'paid', options: [{ label: 'Free', value: 'free' }, { label: 'Paid', value: 'paid' }] }),
  ],
}
const scopes = [{ scope: 'contacts.read', description: 'See your contacts' }, { scope: 'contacts.write', description: 'Change your contacts' }, { scope: 'tickets.write', description: 'Change your tickets' }]
const oauth = { format: 'oauth2', label: 'OAuth', redirects: true, device: true, fields: [], documentation_link: null, permissions_text: null, scopes }
const names = [['Aldermoor', 'crm', '#b3541e'], ['Bluefin Desk', 'helpdesk', '#2155b0'], ['Cobalt HR', 'hris', '#4b3fa7'], ['Dovetail', 'ats', ''], ['Ember Files', 'file_storage', '#b0214c'], ['Fernway Accounting', 'accounting', '#2b7a3d'], ['Glasshouse', 'crm', ''], ['Harbour Chat', 'messaging', '#0d6e6e'], ['Ironbark ERP', 'erp', ''], ['Juniper Survey Professional Edition', 'surveys', '#7a5a1c'], ['Kestrel', 'idp', ''], ['Lantern', 'lms', '#a0521c']]
const integrations = names.map(([label, category, color]) => ({ name: label.toLowerCase().replaceAll(' ', '-'), label, category, logo: color ? mark(color) : null, formats: [oauth, key] }))
const theme = { logo_url: null, logo_dark_url: null, accent_color: null, accent_color_dark: null, background_color: null, background_color_dark: null, show_badge: false }
const session = (more) => ({ environment: { name: 'Acme', theme }, tenant_id: 't', is_sandbox: false, redirect_uri: null, expires_at: '2030-01-01T00:00:00Z', reconnect: null, integrations, attempt: null, ...more })
const stages = (...states) => ['credentials', 'post_install', 'validation'].map((name, at) => ({ name, status: states[at] }))
const attempt = (more) => ({
  id: '0190a1b2-0000-4000-8000-000000000001', status: 'working', redirect_url: null, integration: 'bluefin-desk', format: 'oauth2', integrated_account_id: 'a', error: null, error_type: null, error_code: null,
  stages: stages('done', 'running', 'pending'), requested_scopes: [], granted_scopes: [], missing_scopes: [], form: false, return_url: null, expires_at: null, ...more,
})
const failed = (error_type, error_code, error, states) => attempt({ status: 'failed', error_type, error_code, error, stages: stages(...(states ?? ['failed', 'pending', 'pending'])) })
const refusal = (status, code, message) => ({ status, body: { statusCode: status, error: 'x', message, code, request_id: 'r' } })
const one = { integration: 'bluefin-desk' }
const option = (at) => ({ value: `C-${at}`, label: `Company ${at}`, subText: `company-${at}.example` })
const postField = (name, type, label, more) => ({ name, type, label, help_text: '', placeholder: '', required: true, depends_on: [], disabled_text: '', has_data_source: false, options: [], ...more })
const postForm = {
  integrated_account_id: 'a', integration: { name: 'bluefin-desk', label: 'Bluefin Desk', logo: mark('#2155b0') }, values: { contacts: ['C-1'] },
  fields: [
    postField('mode', 'single_select', 'Mode', { options: [{ value: 'live', label: 'Live', subText: '' }, { value: 'trial', label: 'Trial', subText: '' }] }),
    postField('contacts', 'multi_select', 'Companies', { has_data_source: true, help_text: 'Only these are kept in step.' }),
    postField('lead', 'single_select', 'Owner', { has_data_source: true, depends_on: ['mode'], disabled_text: 'Choose a mode first', required: false }),
    postField('pin', 'password', 'PIN', { required: false }),
    postField('notify', 'checkbox', 'Tell me when it is done', { required: false }),
  ],
}

// reach waits for what an act brings.
async function reach(act, sign) {
  await act
  await sign.waitFor()
}

// A state is an address, what the server says, and what is done until it is there.
const shows = {
  choose: { session: session() },
  'choose-nothing-found': { session: session(), act: (page) => reach(page.getByRole('searchbox').fill('zebra'), page.getByText('No app matches')) },
  'details-sign-in': { query: one, session: session() },
  'details-form': { query: one, session: session(), act: (page) => reach(page.getByRole('tab', { name: 'API key' }).click(), page.getByLabel('Subdomain')) },
  'details-wrong': {
    query: { ...one, auth_format: 'api_key', no_back: 'true' }, session: session({ is_sandbox: true }),
    act: async (page) => {
      await page.getByLabel('Subdomain').fill('Not good!')
      await page.getByRole('button', { name: 'Connect' }).click()
      await page.getByText('This does not look right').waitFor()
    },
  },
  'details-refused': {
    query: { ...one, auth_format: 'api_key' }, session: session(), authorize: refusal(400, 'unsafe_placeholder_value', 'The subdomain may not hold a dot'),
    act: async (page) => {
      await page.getByLabel('Subdomain').fill('acme')
      await page.getByLabel('API key', { exact: true }).fill('secret')
      await page.getByRole('button', { name: 'Connect' }).click()
      await page.getByRole('alert').getByText('may not hold a dot').waitFor()
    },
  },
  themed: {
    query: one, session: session({ reconnect: { integrated_account_id: 'a', integration: 'bluefin-desk' }, environment: { name: 'Acme', theme: { ...theme, logo_url: logo, accent_color: '#0d6e6e', accent_color_dark: '#5fd0c5', background_color: '#0b3b3b', background_color_dark: '#04201f', show_badge: true } } }),
  },
  working: { query: { attempt: 'x' }, session: session({ attempt: attempt({}) }) },
  waiting: {
    query: { ...one, auth_format: 'oauth2' }, session: session(), framed: true, authorize: { status: 201, body: attempt({ status: 'redirect', redirect_url: 'about:blank', stages: stages('running', 'pending', 'pending') }) }, poll: 'redirect',
    act: (page) => reach(page.getByRole('button', { name: 'Continue to Bluefin Desk' }).click(), page.getByRole('heading', { name: /other window|blocked/ })),
  },
  code: { query: { attempt: 'x' }, session: session({ attempt: attempt({ status: 'redirect', user_code: 'WDJB-MJHT', verification_uri: 'https://bluefin.example/device', verification_uri_complete: null, expires_at: '2030-01-01T12:34:00Z', stages: stages('running', 'pending', 'pending') }) }) },
  denied: { query: { attempt: 'x' }, session: session({ attempt: failed('connection_error', 'access_denied', 'You did not agree') }) },
  refused: { query: { attempt: 'x' }, session: session({ attempt: failed('connection_error', 'vendor_refused', 'Bluefin Desk refused the connection: invalid_scope The scope tickets.write is not enabled for this app') }) },
  'post-install-failed': { query: { attempt: 'x' }, session: session({ attempt: failed('post_install_error', 'step_failed', 'GET /me answered 500', ['done', 'failed', 'pending']) }) },
  'validation-failed': { query: { attempt: 'x' }, session: session({ attempt: failed('validation_error', 'step_failed', 'GET /tickets answered 403', ['done', 'done', 'failed']) }) },
  missing: { query: { attempt: 'x' }, session: session({ attempt: attempt({ status: 'succeeded', missing_scopes: ['contacts.write', 'tickets.write'] }) }) },
  succeeded: { query: { attempt: 'x' }, session: session({ attempt: attempt({ status: 'succeeded' }) }) },
  'invalid-token': { session: refusal(401, 'invalid_token', 'no') },
  'invalid-integration': { query: { integration: 'x' }, session: refusal(404, 'invalid_integration', 'no') },
  broken: { session: refusal(500, 'internal', 'no') },
  'rejected-answer': { path: '/connect/bluefin-desk/callback' },
  'window-done': { query: { window: 'done', attempt: 'x' } },
  form: { path: '/connect-account/post-connect', form: postForm, query: { truto_prevent_deselect: '{"contacts":{"message":"Still in use"}}' }, act: (page) => page.getByText('Still in use').waitFor() },
  'form-wrong': {
    path: '/connect-account/post-connect', form: postForm, optionsFail: true,
    act: async (page) => {
      await page.getByText('could not be loaded').first().waitFor()
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('Please choose one.').waitFor()
    },
  },
  'form-refused': {
    path: '/connect-account/post-connect', form: postForm,
    submit: { status: 400, body: { ...refusal(400, 'validation_error', 'no').body, details: { failures: [{ path: 'contacts', code: 'enum', message: 'is not one of the options' }] } } },
    act: async (page) => {
      await page.getByLabel('Mode').selectOption({ label: 'Live' })
      await reach(page.getByRole('button', { name: 'Save' }).click(), page.getByText('Please choose one.'))
    },
  },
  'form-expired': {
    path: '/connect-account/post-connect', form: postForm, submit: refusal(401, 'unauthenticated', 'no'),
    act: async (page) => {
      await page.getByLabel('Mode').selectOption({ label: 'Live' })
      await reach(page.getByRole('button', { name: 'Save' }).click(), page.getByRole('alert').getByText('It has expired.'))
    },
  },
  'form-inactive': { path: '/connect-account/post-connect', form: refusal(422, 'account_not_active', 'no') },
}

async function pretend(context, show) {
  const json = (route, answer) => route.fulfill(answer?.body ? { status: answer.status, json: answer.body } : { json: answer })
  await context.route('**/connect/session?*', (route) => json(route, show.session))
  await context.route('**/authorize', (route) => json(route, show.authorize))
  await context.route('**/connect/session/attempt/**', () => {}) // waits
  await context.route('**/link-token/post-connect-form', (route) => json(route, show.submit))
  await context.route('**/connect/form', (route) => json(route, show.form))
  await context.route('**/connect/form/options', (route) => json(route, show.optionsFail ? refusal(502, 'upstream', 'Bluefin Desk did not answer') : { result: Array.from({ length: 9 }, (_, at) => option(at)), next_cursor: 'n' }))
}

async function visit(page, world, show) {
  const query = new URLSearchParams({ link_token: 't', integrated_account_session_token: 't', ...show.query })
  const address = `${world.url}${show.path ?? '/connect-account'}?${query}`
  if (!show.framed) {
    await page.goto(address)
    return page
  }
  await page.goto(world.host.url)
  await page.evaluate((src) => {
    document.body.innerHTML = ''
    const frame = document.createElement('iframe')
    frame.title = 'Connect'
    Object.assign(frame.style, { position: 'fixed', inset: 0, width: '100%', height: '100%', border: 0 })
    frame.src = `${src}&iframe=true`
    document.body.append(frame)
  }, address)
  return page.frame({ url: /connect-account/ }) ?? (await page.waitForEvent('framenavigated', (frame) => frame.url().includes('connect-account')))
}

async function wantNoOverflow(page, name) {
  const wide = await page.evaluate('document.scrollingElement.scrollWidth - innerWidth')
  assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`)
}

async function wantAccessible(page, name, rules) {
  if (!(await page.evaluate('Boolean(window.axe)'))) {
    await page.evaluate(axe)
  }
  const found = await page.evaluate((runOnly) => window.axe.run({ runOnly, resultTypes: ['violations'] }), rules)
  assert.deepEqual(found.violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)]), [], name)
}

export const states = {}

for (const [name, show] of Object.entries(shows)) {
  states[`state ${name}`] = async (world) => {
    const { context, close } = await world.open({ reducedMotion: 'reduce' })
    await pretend(context, show)
    const page = await context.newPage()
    const seen = await visit(page, world, show)
    await show.act?.(seen)
    await seen.locator('h1').waitFor()
    for (const [look, { viewport, colorScheme, checked }] of Object.entries(looks)) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(world.screenshots, `${name}-${look}.png`), fullPage: true, animations: 'disabled' })
      await wantNoOverflow(seen, `${name} ${look}`)
      if (checked) {
        await wantAccessible(seen, `${name} ${look}`, checked)
      }
    }
    await close()
  }
}

// Every language fits on a phone, and says what it is. The browser's is taken when
// the address names none.
states.languages = async (world) => {
  const texts = new Set()
  const { context, close } = await world.open({ viewport: looks['phone-light'].viewport, locale: 'fr-CA' })
  await pretend(context, { session: session() })
  const page = await context.newPage()
  for (const language of ['en', 'de', '', 'es', 'pt', 'ja']) {
    await visit(page, world, { query: { ...one, auth_format: 'api_key', lang: language } })
    await reach(page.locator('button.primary').click(), page.locator('.problem:not(:empty)').first())
    assert.equal(await page.evaluate('document.documentElement.lang'), language || 'fr')
    texts.add(await page.locator('main').textContent())
    await page.screenshot({ path: join(world.screenshots, `language-${language || 'fr'}.png`), fullPage: true })
    await wantNoOverflow(page, language)
  }
  assert.equal(texts.size, 6)
  await close()
}

// Any colours that an environment chooses can be read.
states['themes of any colour'] = async (world) => {
  const { context, close } = await world.open({ reducedMotion: 'reduce' })
  const show = {}
  await pretend(context, show)
  const page = await context.newPage()
  for (const color of ['#ffffff', '#000000', '#ff0000', '#757575']) {
    const colors = { accent_color: color, background_color: color, show_badge: true }
    show.session = session({ environment: { name: 'Acme', theme: { ...theme, ...colors } } })
    await visit(page, world, { query: { ...one, auth_format: 'api_key' } })
    await page.locator('h1').waitFor()
    await page.waitForFunction((color) => document.documentElement.style.getPropertyValue('--accent') === color, color)
    await wantAccessible(page, color, { type: 'rule', values: ['color-contrast'] })
  }
  await close()
}
