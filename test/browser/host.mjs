// The customer's web application: a page on an origin of its own that embeds the
// connect page with the scripts that applications use, and notes what it hears.
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Application</title>
<h1>Application</h1>
<script type="module">
import truto, { rapidForm as trutoForm } from '/truto.js'
import { authenticate, rapidForm, Client } from '/link/index.js'
const kinds = { truto, trutoForm, authenticate, rapidForm }
window.messages = []
addEventListener('message', (event) => window.messages.push(event.data))
// outcome is what has become of the promise, nothing as long as it waits.
window.start = (kind, token, options) => {
  window.outcome = undefined
  window.messages.length = 0
  kinds[kind](token, options)?.then(
    (value) => { window.outcome = { value } },
    (reason) => { window.outcome = { reason: typeof reason === 'string' ? reason : { ...reason, message: reason.message } } },
  )
}
window.Client = Client
window.ready = true
</script>
`

// startHost serves the page, the scripts, and /done, where same-window links end.
export async function startHost({ truto, link }) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://host').pathname
    const file = path === '/truto.js' ? truto : /^\/link\/\w+\.js$/.test(path) ? link + path.slice('/link'.length) : ''
    try {
      const body = file ? await readFile(file) : path === '/done' ? '<!doctype html><title>Done</title><h1>Back again</h1>' : page
      response.writeHead(200, { 'Content-Type': file ? 'text/javascript' : 'text/html; charset=utf-8' }).end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}
