// Serves everything behind HTTP Digest with the package http-auth, until its
// input ends. It prints its address.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(process.argv[2] + "/");
const auth = require("http-auth");

const realm = "test realm";
const digest = auth.digest({ realm, algorithm: process.argv[3] }, (username, done) => {
  done(username === "anna" ? createHash("md5").update(`anna:${realm}:correct horse`).digest("hex") : undefined);
});
const server = createServer(digest.check((request, response) => {
  request.resume();
  response.end("in");
}));
server.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${server.address().port}`));
process.stdin.resume().on("end", () => process.exit());
