'use strict';
// Alarms. Each says what it means; docs/watching.md says what to do. Missing data is good, as a stage where nothing
// happens writes no metrics; but the health check must never be silent. Seconds are the periods of CloudWatch.

const SERVICE = 'amplify-rag-async';
const PIPELINES = ['text_rag', 'vdr'];
const QUARTER = 900;
const SLOW_MS = 300_000; // 5 minutes
const ERRORS_PERCENT = 5;
const DEEP = 100; // messages

// What each queue's messages are, who takes them, and how many seconds old the oldest may be
const QUEUES = [
  { name: 'document-index', id: 'DocumentIndex', of: 'uploads', taker: 'async_document_processor', oldest: 900 },
  { name: 'text-rag', id: 'TextRag', of: 'text jobs', taker: 'text_rag_processor', oldest: 3600, pipeline: 'text_rag' },
  { name: 'vdr', id: 'Vdr', of: 'page jobs', taker: 'vdr_processor', oldest: 3600, pipeline: 'vdr' },
];

function alarms(stage) {
  const named = (name) => `${SERVICE}-${stage}-${name}`;
  const own = (name, dimensions = {}) => metric('AmplifyRag', name, { Stage: stage, ...dimensions });
  const lambda = (name, key) => metric('AWS/Lambda', name, { FunctionName: named(key) });
  const sqs = (name, queue) => metric('AWS/SQS', name, { QueueName: named(queue) });

  const found = {
    ErrorRate: {
      AlarmName: 'error-rate',
      AlarmDescription: 'Of the documents that ended more than 5 % have failed, and more than one',
      ...above(ERRORS_PERCENT, QUARTER),
      Metrics: [
        sum('text', own('IngestedDocuments', { pipeline_type: 'text_rag' })),
        sum('vdr', own('IngestedDocuments', { pipeline_type: 'vdr' })),
        sum('failed', own('FailedDocuments')),
        hidden('bad', 'FILL(failed, 0)'),
        shown('IF(bad > 1, 100 * bad / (FILL(text, 0) + FILL(vdr, 0) + bad), 0)'),
      ],
    },
    HealthSilent: {
      AlarmName: 'health-silent',
      AlarmDescription: 'check_health has told nothing for a quarter of an hour',
      ...own('StaleDocuments'),
      Statistic: 'SampleCount',
      ...above(0, 300, 3),
      ComparisonOperator: 'LessThanOrEqualToThreshold',
      TreatMissingData: 'breaching',
    },
  };

  for (const pipeline of PIPELINES) {
    found[`Slow${pipeline === 'vdr' ? 'Vdr' : 'TextRag'}`] = {
      AlarmName: `${pipeline.replace('_', '-')}-slow`,
      AlarmDescription: `Documents of ${pipeline} take more than 5 minutes on average`,
      ...own('ProcessingDuration', { pipeline_type: pipeline }),
      Statistic: 'Average',
      ...above(SLOW_MS, QUARTER),
    };
  }

  for (const { name, id, of, taker, oldest, pipeline } of QUEUES) {
    const queue = `${name}-queue`;
    found[`${id}Errors`] = {
      AlarmName: `${name}-errors`,
      AlarmDescription: `Of the calls of ${taker} more than 5 % have failed, or their messages, and more than one`,
      ...above(ERRORS_PERCENT, QUARTER),
      Metrics: [
        sum('calls', lambda('Invocations', taker)),
        sum('errors', lambda('Errors', taker)), // crashes and timeouts; a message that fails is reported, not raised
        sum('failed', own('FailedDeliveries', { QueueName: named(queue) })),
        hidden('bad', 'FILL(errors, 0) + FILL(failed, 0)'),
        shown('IF(bad > 1, 100 * bad / calls, 0)'),
      ],
    };
    found[`${id}Depth`] = {
      AlarmName: `${name}-depth`,
      AlarmDescription: `More than ${DEEP} ${of} wait`,
      ...sqs('ApproximateNumberOfMessagesVisible', queue),
      Statistic: 'Average',
      ...above(DEEP, 300, 2),
    };
    found[`${id}Age`] = {
      AlarmName: `${name}-age`,
      AlarmDescription: `The oldest of the ${of} is more than ${oldest / 60} minutes old`,
      ...sqs('ApproximateAgeOfOldestMessage', queue),
      Statistic: 'Maximum',
      ...above(oldest, 300, 2),
    };
    found[`${id}DeadLetters`] = {
      AlarmName: `${name}-dlq-messages`,
      AlarmDescription: `There are dead letters, of ${of}`,
      ...sqs('ApproximateNumberOfMessagesVisible', `${name}-dlq`),
      Statistic: 'Maximum',
      ...above(0, 300),
    };
    if (pipeline) {
      found[`${id}Stalled`] = {
        AlarmName: `${name}-stalled`,
        AlarmDescription: `For half an hour ${of} have waited, and no part was finished`, // a part may take 15 minutes
        ...above(0, QUARTER, 2),
        Metrics: [
          query('waiting', sqs('ApproximateNumberOfMessagesVisible', queue), 'Minimum'),
          query('done', own('PartDuration', { pipeline_type: pipeline }), 'SampleCount'),
          shown('IF(waiting > 0 AND FILL(done, 0) == 0, 1, 0)'),
        ],
      };
    }
  }
  return Object.fromEntries(Object.entries(found).map(([id, properties]) => [`${id}Alarm`, alarm(named, properties)]));
}

function alarm(named, { AlarmName, ...properties }) {
  const told = [{ Ref: 'AlarmTopic' }];
  if (properties.Metrics) delete properties.Period; // each of its queries has one
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: named(AlarmName),
      TreatMissingData: 'notBreaching',
      ...properties,
      AlarmActions: told,
      OKActions: told,
    },
  };
}

function above(threshold, period, periods = 1) {
  return { ComparisonOperator: 'GreaterThanThreshold', Threshold: threshold, Period: period, EvaluationPeriods: periods };
}

function metric(namespace, name, dimensions) {
  const pairs = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  return { Namespace: namespace, MetricName: name, Dimensions: pairs };
}

function query(id, Metric, Stat) {
  return { Id: id, ReturnData: false, MetricStat: { Metric, Stat, Period: QUARTER } };
}

const sum = (id, ofMetric) => query(id, ofMetric, 'Sum');
const hidden = (id, expression) => ({ Id: id, Expression: expression, ReturnData: false });
const shown = (expression) => ({ Id: 'shown', Expression: expression, ReturnData: true });

module.exports = async ({ resolveVariable }) => ({ Resources: alarms(await resolveVariable('sls:stage')) });
module.exports.alarms = alarms;
