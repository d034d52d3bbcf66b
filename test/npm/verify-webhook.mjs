// Verifies a delivery by the official library of Standard Webhooks: {secret, body,
// headers} come as JSON, and "verified" or the reason why not is printed.
import { Webhook } from 'standardwebhooks'
import { text } from 'node:stream/consumers'

const { secret, body, headers } = JSON.parse(await text(process.stdin))
try {
  new Webhook(secret).verify(body, headers)
  console.log('verified')
} catch (error) {
  console.log(error.message)
}
