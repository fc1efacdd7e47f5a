// Serves the handler of next-auth.page.mjs as Next.js serves pages/api/auth/[...nextauth].js, with the session at /.
import express from 'express';
import handler from './next-auth.page.mjs';

const {APP} = process.env;
process.env.NEXTAUTH_URL = APP;

// cookies returns the cookies of a request by name.
function cookies({headers}) {
  const pairs = (headers.cookie ?? '').split('; ').filter(Boolean).map((pair) => pair.split(/=(.*)/s));
  return Object.fromEntries(pairs.map(([name, value]) => [name, decodeURIComponent(value)]));
}

const app = express();
app.use(express.urlencoded({extended: false}));
app.all('/api/auth/*path', (request, response) => {
  Object.defineProperty(request, 'query', {value: {...request.query, nextauth: request.params.path}});
  request.cookies = cookies(request);
  return handler(request, response);
});
app.get('/', async ({headers}, response) => {
  const session = await fetch(`${APP}/api/auth/session`, {headers: {cookie: headers.cookie ?? ''}});
  response.json((await session.json()).user ?? {});
});
app.listen(new URL(APP).port);
