'use strict';
// The dashboard of a stage. monitoring/cloudwatch-dashboard.json is that of stage dev in us-east-1, which can be
// imported as it is; here it is put into another stage, and Fn::Sub fills in the region.
const { readFileSync } = require('fs');
const path = require('path');

const DASHBOARD = path.resolve(__dirname, '..', 'monitoring', 'cloudwatch-dashboard.json');

function body(stage) {
  return JSON.stringify(JSON.parse(readFileSync(DASHBOARD, 'utf8')))
    .replaceAll('amplify-rag-async-dev', `amplify-rag-async-${stage}`)
    .replaceAll('"Stage","dev"', `"Stage","${stage}"`)
    .replaceAll('us-east-1', '${AWS::Region}');
}

module.exports = async ({ resolveVariable }) => ({ body: body(await resolveVariable('sls:stage')) });
module.exports.body = body;
