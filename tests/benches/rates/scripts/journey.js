// k6: the journey of journey.hcl. Each request but the first sends what an answer before it held.
import http from "k6/http";
import { check } from "k6";

const url = __ENV.TARGET;

function passes(answer) {
  check(answer, { "status is 200": (answer) => answer.status === 200 });
  return answer.json();
}

export default function () {
  const first = { headers: { "Content-Type": "application/json" } };
  const who = JSON.stringify({ user: `user-${__VU}`, attempt: __ITER });
  const { token } = passes(http.post(`${url}/log_in`, who, first));
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  const { id: item } = passes(http.get(`${url}/items?page=${__ITER % 10}`, { headers }));
  const put = JSON.stringify({ item, count: 1 + (__ITER % 3) });
  const { id: cart } = passes(http.post(`${url}/cart`, put, { headers }));
  const { id: order } = passes(http.post(`${url}/orders`, JSON.stringify({ cart }), { headers }));
  passes(http.get(`${url}/orders/${order}`, { headers }));
}
