// k6: the same GET again and again, whose answer must have status 200.
import http from "k6/http";
import { check } from "k6";

export const options = { discardResponseBodies: true };

export default function () {
  check(http.get(`${__ENV.TARGET}/hit`), { "status is 200": (answer) => answer.status === 200 });
}
