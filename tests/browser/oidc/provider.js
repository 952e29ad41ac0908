// An OpenID provider on loopback: node provider.js PORT HOME. Whoever gives a name signs in, and is in 300 groups.
import Provider from "oidc-provider";

const [port, home] = process.argv.slice(2);
const groups = Array.from({ length: 300 }, (_, number) => `${number}-0123456789abcdef0123456789abcdef`);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "nines",
      client_secret: "a client secret that nobody may see",
      redirect_uris: [`${home}/oauth2callback`],
      post_logout_redirect_uris: [`${home}/oauth2callback`],
    },
  ],
  conformIdTokenClaims: false,
  claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, groups: [...groups, "staff"] }),
  }),
  cookies: { keys: ["keys of a provider that lives for one test"] },
});
provider.listen(Number(port), "127.0.0.1");
