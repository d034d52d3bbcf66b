// Signs requests with the package aws4, at the date that their header holds:
// one question as JSON on a line, one answer on a line.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(process.argv[2] + "/");
const aws4 = require("aws4");

for await (const line of createInterface({ input: process.stdin })) {
  const q = JSON.parse(line);
  const [, host, path] = q.url.match(/^https:\/\/([^/?]+)(.*)$/);
  const signer = new aws4.RequestSigner(
    {
      method: q.method || "GET", host, path: path.startsWith("/") ? path : "/" + path, headers: { ...q.headers, Host: host },
      body: q.body ? Buffer.from(q.body, "base64").toString() : undefined,
      service: q.service, region: "eu-central-1",
      extraHeadersToIgnore: { "content-length": true, ...(q.headers["Content-Type"] ? {} : { "content-type": true }) },
    },
    { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sessionToken: q.session_token || undefined },
  );
  const signed = signer.sign();
  console.log(JSON.stringify({ authorization: signed.headers.Authorization, canonical: signer.canonicalString() }));
}
