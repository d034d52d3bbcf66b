// Runs the tests in a browser and prints a line of JSON for each. Settings come as
// JSON: where Sinew and the vendors are, and what to run.
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { flows } from './flows.mjs'
import { startHost } from './host.mjs'
import { states } from './states.mjs'
import { World } from './world.mjs'

const settings = JSON.parse(process.argv[2])
const only = new RegExp(settings.only ?? '')
const host = await startHost({ truto: fileURLToPath(import.meta.resolve('@truto/truto-link-sdk')), link: settings.link })
const browser = await chromium.launch({ executablePath: settings.chromium, args: ['--no-sandbox', '--disable-gpu'] })
const world = new World({ settings, browser, host })

const waiting = Object.entries({ ...flows, ...states }).filter(([name]) => only.test(name))
async function work() {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [name, test] = next
    const began = performance.now()
    let error = ''
    let note = ''
    try {
      note = (await test(world)) ?? ''
    } catch (cause) {
      error = String(cause.stack ?? cause)
    }
    console.log(JSON.stringify({ name, error, note, seconds: (performance.now() - began) / 1000 }))
  }
}
await Promise.all([work(), work()])
await browser.close()
host.close()
