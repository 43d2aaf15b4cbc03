// An OpenID Connect provider for the tests: any name may sign in, and has the roles that were set for it.
// Usage: node provider.mjs PORT BACK; it says "ready" on its output. What it may tell of whom comes in lines of JSON on its input:
// {"name": "kari", "roles": ["exam-staff"]}, {"clock_s": -7200}, {"revoke": true}.
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const [port, back] = process.argv.slice(2);
const people = new Map();
const now = Date.now;
let revoked = false;

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "scanpipe", client_secret: "a secret of the tests alone", redirect_uris: [back],
              grant_types: ["authorization_code", "refresh_token"] }],
  claims: { openid: ["sub"], profile: ["preferred_username", "roles"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["only for tests"] },
  features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
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
  if (said.revoke !== undefined) revoked = said.revoke;
  console.log("told");
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
