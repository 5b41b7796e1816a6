namespace GrooteDashboard.Api.Endpoints;

/// <summary>
/// Whoever asks what somebody else has asked, and what is not being worked out yet, gets the same answer: it begins after all of them have asked, so it is as new as one of
/// their own. One question is worked out once at a time, however many pages are open: who comes meanwhile shares the next round. Only for answers that are
/// the same for every caller.
/// </summary>
internal sealed class SharedAnswers : IEndpointFilter
{
    /// <summary>The last round of each question, while it is not over: no more than there are requests.</summary>
    private readonly Dictionary<string, Round> _rounds = [];

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var (request, response) = (context.HttpContext.Request, context.HttpContext.Response);
        var aborted = context.HttpContext.RequestAborted;
        response.Headers.Append("Vary", "Accept");
        var question = $"{request.Path}{request.QueryString} {request.Headers.Accept}";
        while (true)
        {
            Round? before, mine = null;
            lock (_rounds)
            {
                if (!_rounds.TryGetValue(question, out before) || before.HasBegun)
                {
                    _rounds[question] = mine = new Round();
                }
            }

            if (mine is not null)
            {
                return await AnswerAsync(question, mine, before, () => next(context), aborted);
            }

            try
            {
                return await before!.Answer.WaitAsync(aborted);
            }
            catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
            {
                // Who asked for all of us has gone.
            }
        }
    }

    private async Task<object?> AnswerAsync(string question, Round round, Round? before, Func<ValueTask<object?>> ask, CancellationToken aborted)
    {
        try
        {
            if (before is not null)
            {
                // Its requests have their time limits, whose end is this one's beginning.
                await before.Over.WaitAsync(aborted);
            }

            lock (_rounds)
            {
                round.HasBegun = true;
            }

            var answer = await ask();
            round.End(answer);
            return answer;
        }
        catch (Exception e)
        {
            round.Fail(e);
            throw;
        }
        finally
        {
            lock (_rounds)
            {
                if (_rounds.GetValueOrDefault(question) == round)
                {
                    _rounds.Remove(question);
                }
            }
        }
    }

    private sealed class Round
    {
        private readonly TaskCompletionSource<object?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Nobody who comes now may share it.</summary>
        public bool HasBegun { get; set; }

        public Task<object?> Answer => _answer.Task;

        /// <summary>Ends with the answer, whatever it is.</summary>
        public Task Over => _over.Task;

        public void End(object? answer)
        {
            _answer.SetResult(answer);
            _over.SetResult();
        }

        public void Fail(Exception e)
        {
            if (e is OperationCanceledException)
            {
                _answer.SetCanceled();
            }
            else
            {
                _answer.SetException(e);
                // Where nobody shares it, nobody looks.
                _ = _answer.Task.Exception;
            }

            _over.SetResult();
        }
    }
}
