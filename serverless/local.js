'use strict';
// Where the local stack is. Ports follow the environment, as in local/settings.py.
const path = require('path');

const aws = `127.0.0.1:${process.env.AMPLIFY_RAG_AWS_PORT || 4566}`;

module.exports = {
  aws: `http://${aws}`,
  awsWebSocket: `ws://${aws}`,
  postgres: `127.0.0.1:${process.env.AMPLIFY_RAG_POSTGRES_PORT || 25432}`,
  textModelPath: path.resolve(__dirname, '..', 'layers', 'text-model'),
};
