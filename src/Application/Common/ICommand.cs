using MediatR;

namespace GrooteDashboard.Application.Common;

/// <summary>A use case that changes something: it runs in one unit of work, committed when its handler returns.</summary>
public interface ICommand<out TResult> : IRequest<TResult>;

/// <summary>A use case that only reads.</summary>
public interface IQuery<out TResult> : IRequest<TResult>;
