// autocannon: the journey of journey.hcl. Each request but the first sends what an answer before it held.
// Usage: node journey.mjs FOLDER_OF_AUTOCANNON URL CONNECTIONS SECONDS; the result is printed as JSON.
import { createRequire } from "node:module";

const [folder, url, connections, seconds] = process.argv.slice(2);
const autocannon = createRequire(`${folder}/`)("autocannon");
let attempt = 0;

const read = (name, field) => (status, body, context) => {
  if (status === 200) context[name] = JSON.parse(body)[field];
};
const json = { "content-type": "application/json" };
const known = (context) => ({ ...json, authorization: `Bearer ${context.token}` });
// autocannon writes the length of a body into the headers that it is given.
const post = (request, headers, value) => ({ ...request, headers: { ...headers }, body: JSON.stringify(value) });

const result = await autocannon({
  url,
  connections: Number(connections),
  duration: Number(seconds),
  requests: [
    {
      method: "POST",
      path: "/log_in",
      setupRequest: (request, context) => {
        context.attempt = attempt++;
        return post(request, json, { user: `user-${context.attempt % 64}`, attempt: context.attempt });
      },
      onResponse: read("token", "token"),
    },
    {
      method: "GET",
      setupRequest: (request, context) => ({
        ...request,
        path: `/items?page=${context.attempt % 10}`,
        headers: known(context),
      }),
      onResponse: read("item", "id"),
    },
    {
      method: "POST",
      path: "/cart",
      setupRequest: (request, context) =>
        post(request, known(context), { item: context.item, count: 1 + (context.attempt % 3) }),
      onResponse: read("cart", "id"),
    },
    {
      method: "POST",
      path: "/orders",
      setupRequest: (request, context) => post(request, known(context), { cart: context.cart }),
      onResponse: read("order", "id"),
    },
    {
      method: "GET",
      setupRequest: (request, context) => ({
        ...request,
        path: `/orders/${context.order}`,
        headers: known(context),
      }),
    },
  ],
});
console.log(JSON.stringify({ passed: result["2xx"], failed: result.non2xx + result.errors }));
