// A certified OpenID provider on loopback, with the people and the client that standard input names in JSON. Prints its
// issuer on one line when it listens, and ends when standard input does.
import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import Provider from "oidc-provider";

const given = JSON.parse(process.argv[2]);
const server = createServer();
await new Promise((ready) => server.listen(given.port, "127.0.0.1", ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

function newKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
}

const provider = new Provider(issuer, {
  clients: [given.client],
  jwks: { keys: [newKey()] },
  cookies: { keys: [randomUUID()] },
  conformIdTokenClaims: false, // what the scopes ask for stands in the ID token, as Entra ID has it
  claims: {
    openid: ["sub"],
    profile: ["name", "preferred_username", "groups", "_claim_names"],
    email: ["email", "email_verified"],
  },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_context, id) =>
    given.people[id] && { accountId: id, claims: () => ({ sub: id, ...given.people[id] }) },
  // Nobody is asked whether intake may know their name: a council's provider has settled that for everybody.
  async loadExistingGrant(context) {
    const grant = new context.oidc.provider.Grant({
      clientId: context.oidc.client.clientId,
      accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
});
server.on("request", provider.callback());
process.stdout.write(`${issuer}\n`);
await text(process.stdin);
process.exit();
