'use strict';
// What differs on this machine, beyond serverless.yml's parameters. In stage "local" commands reach the emulator and nothing
// else, whatever credentials the shell holds. Its compiled template, and that of a stage that tests deploy into an emulator of
// their own (AMPLIFY_RAG_EMULATED=1), is put into the dialect of the emulator's CloudFormation.

const { aws } = require('../local.js');
const { translate } = require('../emulator.js');

class LocalStage {
  constructor(serverless) {
    this.serverless = serverless;
    const stage = serverless.processedInput.options.stage ?? serverless.service.provider.stage;
    this.hooks = {};
    if (stage === 'local') pointAtEmulator();
    else if (!process.env.AMPLIFY_RAG_EMULATED) return;
    this.hooks = { 'after:aws:package:finalize:mergeCustomProviderResources': () => translate(this.resources()) };
  }

  resources() {
    return this.serverless.service.provider.compiledCloudFormationTemplate.Resources;
  }
}

function pointAtEmulator() {
  for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_CA_BUNDLE']) delete process.env[name];
  process.env.AWS_ENDPOINT_URL = aws;
  process.env.AWS_ACCESS_KEY_ID = 'test';
  process.env.AWS_SECRET_ACCESS_KEY = 'test';
}

module.exports = LocalStage;
