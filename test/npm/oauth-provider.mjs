// oidc-provider as an OAuth 2.0 server on a port of loopback that it prints. Its
// customer agrees to everything without being asked, but has to confirm the code of a
// device.
import { createServer } from 'node:http'

console.warn = () => {} // of the runtime, and of keys that are made for one run
console.error = () => {} // tests provoke errors
const { default: Provider } = await import('oidc-provider')

const [secret, redirectURI] = process.argv.slice(2)
const app = (id, method) => ({
  client_id: id, client_secret: secret, token_endpoint_auth_method: method, redirect_uris: [redirectURI],
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'], response_types: ['code'],
})
const machine = (id, method) => ({ ...app(id, method), redirect_uris: [], grant_types: ['client_credentials'], response_types: [] })

const listener = createServer().listen(0, '127.0.0.1', () => {
  const address = `127.0.0.1:${listener.address().port}`
  const provider = new Provider(`http://${address}`, {
    clients: [
      app('app-header', 'client_secret_basic'), app('app-body', 'client_secret_post'),
      machine('machine-header', 'client_secret_basic'), machine('machine-body', 'client_secret_post'),
    ],
    cookies: { keys: ['test'] },
    features: { clientCredentials: { enabled: true }, revocation: { enabled: true }, devInteractions: { enabled: false }, deviceFlow: { enabled: true } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    pkce: { required: () => true },
    rotateRefreshToken: true,
    scopes: ['openid', 'read', 'write'],
    ttl: { AccessToken: 600, ClientCredentials: 300, Grant: 3600, RefreshToken: 3600, Session: 3600, Interaction: 600 },
  })
  const callback = provider.callback()
  listener.on('request', async (request, response) => {
    if (!request.url.startsWith('/interaction/')) {
      callback(request, response)
      return
    }
    const { prompt, params, session } = await provider.interactionDetails(request, response)
    if (prompt.name === 'login') {
      await provider.interactionFinished(request, response, { login: { accountId: 'customer' } })
      return
    }
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
    grant.addOIDCScope(params.scope)
    await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
  })
  console.log(`listening on ${address}`)
})
// It ends when its input does, so that none is left behind.
process.stdin.on('end', () => process.exit()).resume()
