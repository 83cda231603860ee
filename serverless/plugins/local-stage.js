'use strict';
// What differs between a laptop and an account, beyond serverless.yml's parameters.
//
// Stage "local": commands reach the emulator and nothing else, whatever credentials the shell holds, and the compiled
// template is put into the dialect of the emulator's CloudFormation.
// Other stages: the functions under custom.imageFunctions run from the image named by the parameter `image`.

const { aws } = require('../local.js');

const LEFT_OUT_LOCALLY = [
  // Unknown to the emulator; its stages deploy by themselves and its sockets answer without them
  'AWS::ApiGatewayV2::Deployment',
  'AWS::ApiGatewayV2::RouteResponse',
  // They demand TLS, and the emulator speaks plain HTTP
  'AWS::S3::BucketPolicy',
];

// Well-formed, so that `package` works before an image was built; it exists nowhere.
const NO_IMAGE = `000000000000.dkr.ecr.us-east-1.amazonaws.com/amplify-rag-async@sha256:${'0'.repeat(64)}`;

class LocalStage {
  constructor(serverless) {
    this.serverless = serverless;
    const stage = serverless.processedInput.options.stage ?? serverless.service.provider.stage;
    this.hooks =
      stage === 'local'
        ? { 'after:aws:package:finalize:mergeCustomProviderResources': () => translate(this.resources()) }
        : { 'before:package:cleanup': () => this.useImages(), 'before:deploy:deploy': () => this.requireImage() };
    if (stage === 'local') pointAtEmulator();
  }

  resources() {
    return this.serverless.service.provider.compiledCloudFormationTemplate.Resources;
  }

  useImages() {
    const { functions, custom } = this.serverless.service;
    for (const name of custom.imageFunctions) {
      const { handler, ...rest } = functions[name];
      functions[name] = { ...rest, image: { uri: this.image() || NO_IMAGE, command: [handler.replaceAll('/', '.')] } };
    }
  }

  requireImage() {
    if (!this.image()) throw new Error('set AMPLIFY_RAG_IMAGE to the image of the functions (ECR, by digest)');
  }

  image() {
    return this.serverless.service.custom.image;
  }
}

function pointAtEmulator() {
  for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_CA_BUNDLE']) delete process.env[name];
  process.env.AWS_ENDPOINT_URL = aws;
  process.env.AWS_ACCESS_KEY_ID = 'test';
  process.env.AWS_SECRET_ACCESS_KEY = 'test';
}

function translate(resources) {
  const leftOut = Object.keys(resources).filter((id) => LEFT_OUT_LOCALLY.includes(resources[id].Type));
  for (const id of leftOut) delete resources[id];
  for (const resource of Object.values(resources)) {
    const { Type, Properties, DependsOn } = resource;
    if (DependsOn) resource.DependsOn = [DependsOn].flat().filter((id) => !leftOut.includes(id));
    if (Type === 'AWS::ApiGatewayV2::Stage' && leftOut.includes(Properties.DeploymentId?.Ref)) {
      delete Properties.DeploymentId;
      Properties.AutoDeploy = true;
    }
    // The emulator stores this property as it comes and reads it in camelCase
    if (Type === 'AWS::ApiGatewayV2::Api' && Properties.CorsConfiguration) {
      Properties.CorsConfiguration = mapKeys(Properties.CorsConfiguration, (key) => key[0].toLowerCase() + key.slice(1));
    }
    if (Type === 'AWS::IAM::Role') {
      for (const { PolicyDocument } of Properties.Policies ?? []) PolicyDocument.Statement.forEach(allowBatches);
    }
  }
}

// In AWS these rights cover batches; the emulator asks for actions of their own
function allowBatches(statement) {
  const actions = [statement.Action].flat();
  const covering = actions.filter((action) => ['sqs:SendMessage', 'sqs:ChangeMessageVisibility'].includes(action));
  if (covering.length) statement.Action = [...actions, ...covering.map((action) => `${action}Batch`)];
}

function mapKeys(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [change(key), value]));
}

module.exports = LocalStage;
