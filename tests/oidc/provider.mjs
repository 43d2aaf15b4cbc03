// An OpenID Connect provider for the tests: any name may sign in, and has the roles that were set for it.
// Usage: node provider.mjs PORT BACK; it says "ready" on its output. What it may tell of whom comes in lines of JSON on its input:
// {"name": "kari", "roles": ["exam-staff"]}, {"clock_s": -7200}, {"revoke": true}. Programs get access tokens for any resource
// (client credentials); what they say of tests: {"tests": ["MA0001-2026H"]}. Its signing keys are new ones at every start.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const [port, back] = process.argv.slice(2);
const people = new Map();
const now = Date.now;
let revoked = false;
let tests;
const key = { ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }), use: "sig", kid: randomUUID() };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "scanpipe", client_secret: "a secret of the tests alone", redirect_uris: [back],
              grant_types: ["authorization_code", "refresh_token"] },
            { client_id: "grading", client_secret: "a program's secret", redirect_uris: [], response_types: [],
              grant_types: ["client_credentials"] }],
  jwks: { keys: [key] },
  extraTokenClaims: async () => (tests === undefined ? {} : { scanpipe_tests: tests }),
  claims: { openid: ["sub"], profile: ["preferred_username", "roles"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["only for tests"] },
  features: { devInteractions: { enabled: true }, revocation: { enabled: true },
              clientCredentials: { enabled: true },
              resourceIndicators: { enabled: true, getResourceServerInfo: async (_, resource) => ({
                audience: resource, accessTokenFormat: "jwt", accessTokenTTL: 600,
                scope: "slots:read content:read events:read tests:write openid" }) } },
  issueRefreshToken: async () => true,
  pkce: { required: () => true },
  ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 3600, RefreshToken: 3600, Session: 3600,
         Interaction: 3600, Grant: 3600 },
  async findAccount(_, id) {
    if (revoked) return undefined;
    return { accountId: id, claims: async () => ({ sub: id, preferred_username: id, roles: people.get(id) ?? [] }) };
  },
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid profile offline_access");
    await grant.save();
    return grant;
  },
});

createInterface({ input: process.stdin }).on("line", (line) => {
  const said = JSON.parse(line);
  if (said.name) people.set(said.name, said.roles);
  if (said.clock_s !== undefined) Date.now = () => now() + 1000 * said.clock_s;
  if (said.tests !== undefined) tests = said.tests;
  if (said.revoke !== undefined) revoked = said.revoke;
  console.log("told");
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
