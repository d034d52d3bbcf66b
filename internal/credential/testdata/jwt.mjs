// Verifies tokens with the package jose: one question as JSON on a line, one
// answer on a line.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const require = createRequire(process.argv[2] + "/");
const { jwtVerify, importSPKI } = await import(pathToFileURL(require.resolve("jose")));

for await (const line of createInterface({ input: process.stdin })) {
  const { token, algorithm, key } = JSON.parse(line);
  try {
    const trusted = algorithm.startsWith("HS") ? Buffer.from(key, "base64") : await importSPKI(key, algorithm);
    const { payload } = await jwtVerify(token, trusted, { algorithms: [algorithm], requiredClaims: ["iat", "exp", "jti"] });
    console.log(JSON.stringify({ payload }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
