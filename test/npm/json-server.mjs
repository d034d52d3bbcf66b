// json-server over a file of records, on a port of loopback that it prints.
import jsonServer from 'json-server'

const [file] = process.argv.slice(2)
const server = jsonServer.create()
server.use(jsonServer.defaults({ logger: false, bodyParser: true }))
server.use(jsonServer.router(file))
const listener = server.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${listener.address().port}`))
console.error = () => {} // tests provoke errors
// It ends when its input does, so that none is left behind.
process.stdin.on('end', () => process.exit()).resume()
