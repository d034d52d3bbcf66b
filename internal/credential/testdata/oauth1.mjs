// Checks OAuth 1.0a signatures with the package oauth-1.0a: one question as
// JSON on a line, one answer on a line.
import { createHmac, createVerify } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(process.argv[2] + "/");
const OAuth = require("oauth-1.0a");

// parameters decodes a form or query; a name that occurs again gives an array.
function parameters(text) {
  const all = {};
  for (const [name, value] of new URLSearchParams(text)) {
    all[name] = name in all ? [].concat(all[name], value) : value;
  }
  return all;
}

function fromHeader(text) {
  const all = {};
  for (const [, name, value] of text.matchAll(/(oauth_\w+)="([^"]*)"/g)) {
    all[name] = decodeURIComponent(value);
  }
  return all;
}

function check(q) {
  const url = new URL(q.url);
  const data = { ...parameters(url.search), ...parameters(q.body ?? "") };
  for (const [name, value] of Object.entries(parameters(url.search))) {
    const other = parameters(q.body ?? "")[name];
    if (other !== undefined) data[name] = [].concat(value, other);
  }
  const oauthData = fromHeader(q.header);
  for (const name of Object.keys(data)) {
    if (name.startsWith("oauth_")) {
      oauthData[name] = data[name];
      delete data[name];
    }
  }
  const signature = oauthData.oauth_signature;
  delete oauthData.oauth_signature;
  const hash = (base, key) => {
    switch (q.signature_method) {
      case "HMAC-SHA1": return createHmac("sha1", key).update(base).digest("base64");
      case "HMAC-SHA256": return createHmac("sha256", key).update(base).digest("base64");
      case "PLAINTEXT": return key;
    }
    const valid = createVerify("RSA-SHA1").update(base).verify(q.public_key, signature, "base64");
    return valid ? signature : "the RSA signature of " + base + " does not hold";
  };
  const oauth = new OAuth({ consumer: { key: oauthData.oauth_consumer_key, secret: q.consumer_secret }, signature_method: q.signature_method, hash_function: hash });
  // Its own base URL keeps the default port, which section 3.4.1.2 leaves out.
  const request = { url: url.origin + url.pathname, method: q.method, data };
  const want = oauth.getSignature(request, q.token_secret, oauthData);
  return want === signature ? { ok: true } : { want, signature, oauthData, data };
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(check(JSON.parse(line))));
}
